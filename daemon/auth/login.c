// SPDX-License-Identifier: Apache-2.0
// The look-up goes by the keyed hash of the token, so how long it takes says nothing about tokens that are
// near to it; whatever is wrong is answered alike.
#include "auth/login.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "store/client.h"
#include "store/store.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

_Static_assert(SECRET_HASH_BYTES == TOKEN_HASH_BYTES, "the store keeps the hash as it is made");

static int
refuse(struct fault *fault)
{
    return fault_set(fault, CODE_UNAUTHENTICATED, "token", "%s", CLIENT_REFUSAL);
}

static enum role
role_of(Kansen__V1__Role role)
{
    switch (role) {
    case KANSEN__V1__ROLE__ROLE_OPERATOR:
        return ROLE_OPERATOR;
    case KANSEN__V1__ROLE__ROLE_PORTAL:
        return ROLE_PORTAL;
    case KANSEN__V1__ROLE__ROLE_PARTNER:
        return ROLE_PARTNER;
    case KANSEN__V1__ROLE__ROLE_REGISTRAR:
        return ROLE_REGISTRAR;
    default:
        return 0; // one that this version does not know may do nothing
    }
}

static void
fill(const Kansen__V1__Client *client, const Kansen__V1__Token *token, struct identity *identity)
{
    struct identity made = {.role = role_of(client->role), .partner = client->partner_id, .listed = true};

    snprintf(made.client, sizeof made.client, "%s", client->name);
    snprintf(made.source, sizeof made.source, "%s", client->source);
    if (token == NULL) {
        snprintf(made.actor, sizeof made.actor, "client:%s", client->name);
    } else {
        made.token = token->id;
        made.expires_us = token->expires_us;
        snprintf(made.actor, sizeof made.actor, "client:%s/token:%" PRIu64, client->name, token->id);
    }
    *identity = made;
}

// Finds the token behind a hash and its client.
static int
find(struct txn *txn, const uint8_t hash[TOKEN_HASH_BYTES], struct arena *arena, Kansen__V1__Token **token,
     Kansen__V1__Client **client)
{
    Kansen__V1__StoredToken *stored = NULL;
    int rc = token_find(txn, hash, arena, &stored);

    if (rc != 0)
        return rc;
    *token = stored->token;
    rc = client_get(txn, stored->token->client, arena, client);
    return rc == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : rc;
}

int
login_by_token(struct txn *txn, const struct secret *secret, const char *text, int64_t now_us,
               struct arena *arena, struct identity *identity, struct fault *fault)
{
    uint8_t bytes[TOKEN_BYTES], hash[TOKEN_HASH_BYTES];
    Kansen__V1__Client *client = NULL;
    Kansen__V1__Token *token = NULL;
    int rc;

    if (!token_read(text, bytes))
        return refuse(fault);
    secret_hash_token(secret, bytes, sizeof bytes, hash);
    sodium_memzero(bytes, sizeof bytes);
    rc = find(txn, hash, arena, &token, &client);
    if (rc == STORE_E_NOT_FOUND || (rc == 0 && !client_may_call(client, token, now_us)))
        return refuse(fault);
    if (rc == 0)
        fill(client, token, identity);
    return rc;
}

int
login_by_certificate(struct txn *txn, const char *name, int64_t until_us, int64_t now_us, struct arena *arena,
                     struct identity *identity, struct fault *fault)
{
    Kansen__V1__Client *client = NULL;
    int rc = client_get(txn, name, arena, &client);

    if (rc == STORE_E_NOT_FOUND ||
        (rc == 0 && (!client_may_call(client, NULL, now_us) || now_us >= until_us)))
        return fault_set(fault, CODE_UNAUTHENTICATED, "token",
                         "no token is given, and no client that may call by a certificate has its name");
    if (rc == 0) {
        fill(client, NULL, identity);
        identity->expires_us = until_us;
    }
    return rc;
}

int
login_stands(struct txn *txn, const struct identity *identity, int64_t now_us, struct arena *arena,
             struct fault *fault)
{
    bool may = true;
    int rc = 0;

    if (identity->listed && identity->expires_us != 0 && now_us >= identity->expires_us)
        may = false;
    else if (identity->listed)
        rc = client_may_still(txn, identity->client, identity->token, now_us, arena, &may);
    return rc == 0 && !may ? refuse(fault) : rc;
}
