// SPDX-License-Identifier: Apache-2.0
// The offline check of clients and tokens: a record lies under its own key, a token belongs to a client, and
// the hash of one that is not revoked leads back to it.
#include "store/check_state.h"
#include "store/client.h"
#include <inttypes.h>
#include <string.h>

int
check_client(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Client *client;
    int rc = check_unpack(check, "client", key, value, &kansen__v1__client__descriptor, &client);

    if (rc != 0 || client == NULL)
        return rc;
    if (strlen(client->name) != key->mv_size || memcmp(client->name, key->mv_data, key->mv_size) != 0)
        check_problem(check, "client '%s': stored under another name", client->name);
    return 0;
}

static int
check_hash(struct check *check, const Kansen__V1__StoredToken *token)
{
    Kansen__V1__StoredToken *found = NULL;
    int rc;

    if (token->hash.len == 0)
        return 0;
    check->expected[TABLE_TOKEN_HASH]++;
    rc = token->hash.len != TOKEN_HASH_BYTES ? (int)STORE_E_NOT_FOUND
                                             : token_find(check->txn, token->hash.data, check->arena, &found);
    if (rc == STORE_FAULT_CORRUPT)
        check->txn->fault = 0;
    else if (rc < 0)
        return rc;
    if (rc != 0 || found->token->id != token->token->id)
        check_problem(check, "token %" PRIu64 ": its hash does not lead to it", token->token->id);
    return 0;
}

int
check_token(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__StoredToken *token;
    Kansen__V1__Client *client;
    int rc = check_unpack(check, "token", key, value, &kansen__v1__stored_token__descriptor, &token);

    if (rc != 0 || token == NULL)
        return rc;
    if (token->token == NULL || token->token->id != key_read_u64(key->mv_data)) {
        check_problem(check, "token %" PRIu64 ": stored under another id", key_read_u64(key->mv_data));
        return 0;
    }
    if ((token->token->revoked_us != 0) != (token->hash.len == 0))
        check_problem(check, "token %" PRIu64 ": revoked, or with a hash, not both and not neither",
                      token->token->id);
    rc = client_get(check->txn, token->token->client, check->arena, &client);
    if (rc == STORE_FAULT_CORRUPT)
        check->txn->fault = 0;
    else if (rc < 0)
        return rc;
    if (rc != 0)
        check_problem(check, "token %" PRIu64 ": its client '%s' can not be read", token->token->id,
                      token->token->client);
    return check_hash(check, token);
}
