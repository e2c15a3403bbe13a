// SPDX-License-Identifier: Apache-2.0
// Operations on clients and tokens. The command carries a new token's hash, made by the worker; the token
// itself never comes here.
#include "store/client.h"
#include "store/records.h"
#include "store/write.h"
#include "work/change.h"
#include "work/valid.h"
#include <assert.h>
#include <string.h>

#define LABEL_MAX 100u // characters

#define KIND(name)    KANSEN__V1__RECORD_KIND__RECORD_KIND_##name
#define OUTCOME(name) KANSEN__V1__OUTCOME__OUTCOME_##name
#define STATUS(name)  KANSEN__V1__CLIENT_STATUS__CLIENT_STATUS_##name
#define ROLE(name)    KANSEN__V1__ROLE__ROLE_##name

static int
done(struct change *change, Kansen__V1__RecordKind kind, Kansen__V1__Outcome outcome, uint64_t id,
     uint64_t version, const char *client)
{
    Kansen__V1__Change what = KANSEN__V1__CHANGE__INIT;

    change->outcome = outcome;
    change->id = id;
    change->version = version;
    if (outcome == OUTCOME(UNCHANGED))
        return 0;
    what.kind = kind;
    what.outcome = outcome;
    what.id = id;
    what.version = version;
    what.client = (char *)client;
    return change_note(change, &what);
}

static int
get_client(struct change *change, const char *field, const char *name, Kansen__V1__Client **out)
{
    int rc = client_get(change->txn, name, change->arena, out);

    if (rc != STORE_E_NOT_FOUND)
        return rc;
    return fault_set(change->fault, CODE_NOT_FOUND, field, "there is no client '%.100s'", name);
}

// ---- Clients

// A partner's client names its partner, no other does.
static int
check_partner(struct change *change, const Kansen__V1__Client *given)
{
    Kansen__V1__Partner *partner;
    int rc;

    if (given->role != ROLE(PARTNER))
        return given->partner_id == 0 ? 0
                                      : fault_set(change->fault, CODE_INVALID_ARGUMENT, "client.partner_id",
                                                  "only a client with the role partner has a partner");
    if (given->partner_id == 0)
        return change_missing(change, "client.partner_id");
    rc = partner_get(change->txn, given->partner_id, change->arena, &partner);
    return rc != STORE_E_NOT_FOUND
               ? rc
               : fault_set(change->fault, CODE_INVALID_ARGUMENT, "client.partner_id",
                           "there is no partner %llu", (unsigned long long)given->partner_id);
}

// An operator may give ids of any source, so it is bound to none.
static int
check_source(struct change *change, const Kansen__V1__Client *given)
{
    if (given->source[0] == '\0')
        return 0;
    if (given->role == ROLE(OPERATOR))
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "client.source",
                         "an operator is bound to no source");
    return valid_source(change->fault, "client", "source", given->source);
}

static int
check_client(struct change *change, const Kansen__V1__Client *given)
{
    Kansen__V1__Client *other;
    int rc = valid_number(change->fault, "client", "id", given->id, 0, 0);

    if (rc == 0)
        rc = valid_source(change->fault, "client", "name", given->name);
    if (rc == 0)
        rc = valid_enum(change->fault, "client", "role", (int)given->role, &names_role, false);
    if (rc == 0 && given->role != ROLE(OPERATOR) && strcmp(given->name, CHANGE_LOCAL) == 0)
        rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, "client.name",
                       "'%s' is who calls by the unix socket; only an operator may be called so",
                       CHANGE_LOCAL);
    if (rc == 0 && given->status != STATUS(UNSPECIFIED) && given->status != STATUS(ACTIVE))
        rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, "client.status", "a new client is active");
    if (rc == 0)
        rc = check_source(change, given);
    if (rc == 0)
        rc = check_partner(change, given);
    if (rc != 0)
        return rc;
    rc = client_get(change->txn, given->name, change->arena, &other);
    if (rc == 0)
        return fault_set(change->fault, CODE_ALREADY_EXISTS, "client.name", "there is a client '%s' already",
                         given->name);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
change_create_client(struct change *change)
{
    const Kansen__V1__Client *given = change->command->write->create_client->client;
    Kansen__V1__Client record = KANSEN__V1__CLIENT__INIT;
    int rc;

    if (given == NULL)
        return change_missing(change, "client");
    rc = check_client(change, given);
    if (rc == 0)
        rc = store_next_id(change->txn, STORE_ID_CLIENT, &record.id);
    if (rc != 0)
        return rc;
    record.version = 1;
    record.name = given->name;
    record.role = given->role;
    record.partner_id = given->partner_id;
    record.source = given->source[0] == '\0' && given->role != ROLE(OPERATOR) ? given->name : given->source;
    record.status = STATUS(ACTIVE);
    record.certificate_login = given->certificate_login;
    record.created_us = record.updated_us = change->command->time_us;
    rc = client_put(change->txn, &record);
    return rc == 0 ? done(change, KIND(CLIENT), OUTCOME(CREATED), record.id, record.version, record.name)
                   : rc;
}

// The client of this name, if the change is based on its version.
static int
get_version(struct change *change, const char *name, uint64_t version, Kansen__V1__Client **out)
{
    int rc = get_client(change, "name", name, out);

    return rc == 0 ? change_version(change, "version", version, (*out)->version, true) : rc;
}

static int
update(struct change *change, Kansen__V1__Client *client)
{
    int rc;

    client->version++;
    client->updated_us = change->command->time_us;
    rc = client_put(change->txn, client);
    return rc == 0 ? done(change, KIND(CLIENT), OUTCOME(UPDATED), client->id, client->version, client->name)
                   : rc;
}

int
change_set_client_status(struct change *change)
{
    const Kansen__V1__SetClientStatus *given = change->command->write->set_client_status;
    Kansen__V1__Client *client = NULL;
    int rc = valid_enum(change->fault, "", "status", (int)given->status, &names_client_status, false);

    if (rc == 0)
        rc = get_version(change, given->name, given->version, &client);
    if (rc != 0)
        return rc;
    if (client->status == given->status)
        return done(change, KIND(CLIENT), OUTCOME(UNCHANGED), client->id, client->version, client->name);
    client->status = given->status;
    return update(change, client);
}

int
change_set_client_certificate(struct change *change)
{
    const Kansen__V1__SetClientCertificate *given = change->command->write->set_client_certificate;
    Kansen__V1__Client *client = NULL;
    int rc = get_version(change, given->name, given->version, &client);

    if (rc != 0)
        return rc;
    if (client->certificate_login == given->certificate_login)
        return done(change, KIND(CLIENT), OUTCOME(UNCHANGED), client->id, client->version, client->name);
    client->certificate_login = given->certificate_login;
    return update(change, client);
}

// ---- Tokens

static int
check_issue(struct change *change, const Kansen__V1__IssueToken *given, Kansen__V1__Client **client)
{
    int rc = valid_text(change->fault, "", "label", given->label, (struct valid_text){.most = LABEL_MAX});

    if (rc == 0 && given->expires_us != 0 && given->expires_us <= change->command->time_us)
        rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, "expires_us",
                       "the token would have expired already; it takes a time to come, or 0 for never");
    if (rc == 0)
        rc = get_client(change, "client", given->client, client);
    if (rc == 0 && (*client)->status != STATUS(ACTIVE))
        rc = fault_set(change->fault, CODE_FAILED_PRECONDITION, "client", "the client '%s' is suspended",
                       given->client);
    return rc;
}

int
change_issue_token(struct change *change)
{
    const Kansen__V1__IssueToken *given = change->command->write->issue_token;
    const struct command_secrets *secrets = change->command->secrets;
    Kansen__V1__StoredToken stored = KANSEN__V1__STORED_TOKEN__INIT;
    Kansen__V1__Token token = KANSEN__V1__TOKEN__INIT;
    Kansen__V1__Client *client = NULL;
    int rc = check_issue(change, given, &client);

    assert(secrets != NULL);
    if (rc == 0)
        rc = store_next_id(change->txn, STORE_ID_TOKEN, &token.id);
    if (rc != 0)
        return rc;
    token.client = client->name;
    token.label = given->label;
    token.expires_us = given->expires_us;
    token.created_us = change->command->time_us;
    stored.token = &token;
    stored.hash = (ProtobufCBinaryData){sizeof secrets->token_hash, (uint8_t *)secrets->token_hash};
    change->token_hash = secrets->token_hash;
    rc = token_put(change->txn, &stored, NULL);
    return rc == 0 ? done(change, KIND(TOKEN), OUTCOME(CREATED), token.id, 0, token.client) : rc;
}

int
change_revoke_token(struct change *change)
{
    const Kansen__V1__RevokeToken *given = change->command->write->revoke_token;
    Kansen__V1__StoredToken *old = NULL, stored;
    Kansen__V1__Token token;
    int rc = token_get(change->txn, given->id, change->arena, &old);

    if (rc == STORE_E_NOT_FOUND)
        return fault_set(change->fault, CODE_NOT_FOUND, "id", "there is no token %llu",
                         (unsigned long long)given->id);
    if (rc != 0)
        return rc;
    if (old->token->revoked_us != 0)
        return done(change, KIND(TOKEN), OUTCOME(UNCHANGED), given->id, 0, old->token->client);
    token = *old->token;
    token.revoked_us = change->command->time_us;
    stored = *old;
    stored.token = &token;
    stored.hash = (ProtobufCBinaryData){0};
    rc = token_put(change->txn, &stored, old);
    return rc == 0 ? done(change, KIND(TOKEN), OUTCOME(REMOVED), given->id, 0, token.client) : rc;
}
