// SPDX-License-Identifier: Apache-2.0
// Clients and tokens in the store of a fixture, made as the writer would make them.
#ifndef TESTS_UNIT_TOKEN_FIXTURE_H
#define TESTS_UNIT_TOKEN_FIXTURE_H

#include "auth/secret.h"
#include "auth/token.h"
#include "tests/unit/store_fixture.h"

static inline Kansen__V1__WriteResult
token_fixture_client(struct fixture *fixture, const char *name, Kansen__V1__Role role, uint64_t partner)
{
    Kansen__V1__Client client = KANSEN__V1__CLIENT__INIT;
    Kansen__V1__CreateClient create = KANSEN__V1__CREATE_CLIENT__INIT;

    client.name = (char *)name;
    client.role = role;
    client.partner_id = partner;
    create.client = &client;
    return fixture_do(fixture, WRITE(CREATE_CLIENT, create_client, &create));
}

// text becomes the token's.
static inline Kansen__V1__WriteResult
token_fixture_issue(struct fixture *fixture, const struct secret *secret, const char *client,
                    int64_t expires_us, char text[TOKEN_TEXT_MAX])
{
    Kansen__V1__IssueToken given = KANSEN__V1__ISSUE_TOKEN__INIT;
    Kansen__V1__Write write = WRITE(ISSUE_TOKEN, issue_token, &given);
    struct command_secrets secrets = {0};
    struct command command = {.time_us = ++fixture->time_us,
                              .actor = "test",
                              .movers = MOVER_OPERATOR,
                              .secrets = &secrets,
                              .write = &write};
    Kansen__V1__WriteResult result;
    uint8_t bytes[TOKEN_BYTES];

    given.client = (char *)client;
    given.expires_us = expires_us;
    secret_random(bytes, sizeof bytes);
    token_write(bytes, text);
    secret_hash_token(secret, bytes, sizeof bytes, secrets.token_hash);
    assert_int_equal(txn_begin(fixture->write), 0);
    assert_int_equal(apply(fixture->write, &command, fixture->arena, &result), 0);
    assert_int_equal(txn_commit(fixture->write), 0);
    return result;
}

#endif
