// SPDX-License-Identifier: Apache-2.0
// Clients and tokens in a real store: who a token says that calls, until when, and what is refused. Each test
// ends with the offline check.
#include "auth/login.h"
#include "store/check.h"
#include "store/client.h"
#include "tests/unit/token_fixture.h"
#include <string.h>

#define ROLE(name)   KANSEN__V1__ROLE__ROLE_##name
#define STATUS(name) KANSEN__V1__CLIENT_STATUS__CLIENT_STATUS_##name

struct scene {
    struct fixture fixture;
    struct secret *secret;
    char text[TOKEN_TEXT_MAX]; // of the token that was issued last
};

static int
setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct fault fault;

    fixture_start(&scene->fixture);
    assert_int_equal(secret_open(scene->fixture.dir, &scene->secret, &fault), 0);
    *state = scene;
    return 0;
}

static int
teardown(void **state)
{
    struct scene *scene = *state;
    char path[128];
    FILE *out = tmpfile();

    fixture_close(&scene->fixture);
    assert_int_equal(check_run(scene->fixture.dir, out), 0);
    fclose(out);
    secret_free(scene->secret);
    snprintf(path, sizeof path, "%s/%s", scene->fixture.dir, SECRET_FILE);
    unlink(path);
    fixture_open(&scene->fixture);
    fixture_end(&scene->fixture);
    free(scene);
    return 0;
}

static Kansen__V1__WriteResult
add_client(struct scene *scene, const char *name, Kansen__V1__Role role, uint64_t partner)
{
    return token_fixture_client(&scene->fixture, name, role, partner);
}

static Kansen__V1__WriteResult
issue(struct scene *scene, const char *client, int64_t expires_us)
{
    return token_fixture_issue(&scene->fixture, scene->secret, client, expires_us, scene->text);
}

static Kansen__V1__WriteResult
revoke_token(struct scene *scene, uint64_t id)
{
    Kansen__V1__RevokeToken given = KANSEN__V1__REVOKE_TOKEN__INIT;

    given.id = id;
    return fixture_do(&scene->fixture, WRITE(REVOKE_TOKEN, revoke_token, &given));
}

static Kansen__V1__WriteResult
set_status(struct scene *scene, const char *name, Kansen__V1__ClientStatus status)
{
    Kansen__V1__SetClientStatus given = KANSEN__V1__SET_CLIENT_STATUS__INIT;

    given.name = (char *)name;
    given.status = status;
    return fixture_do(&scene->fixture, WRITE(SET_CLIENT_STATUS, set_client_status, &given));
}

static int
log_in(struct scene *scene, const char *text, int64_t now_us, struct identity *identity)
{
    struct txn *txn = scene->fixture.read;
    struct fault fault = {0};
    int rc;

    assert_int_equal(txn_begin(txn), 0);
    rc = login_by_token(txn, scene->secret, text, now_us, scene->fixture.arena, identity, &fault);
    if (rc == 0)
        assert_int_equal(login_stands(txn, identity, now_us, scene->fixture.arena, &fault), 0);
    txn_end(txn);
    if (rc == FAULT) {
        assert_int_equal(fault.code, CODE_UNAUTHENTICATED);
        assert_string_equal(fault.message, CLIENT_REFUSAL); // the same, whatever is wrong
    }
    return rc;
}

static bool
stands(struct scene *scene, const struct identity *identity, int64_t now_us)
{
    struct fault fault;
    int rc;

    assert_int_equal(txn_begin(scene->fixture.read), 0);
    rc = login_stands(scene->fixture.read, identity, now_us, scene->fixture.arena, &fault);
    txn_end(scene->fixture.read);
    assert_in_range(rc, 0, FAULT);
    return rc == 0;
}

static void
assert_refused(Kansen__V1__WriteResult result, enum code code, const char *field)
{
    assert_non_null(result.status);
    assert_int_equal(result.status->code, code);
    assert_string_equal(result.status->field, field);
}

static void
test_who_calls(void **state)
{
    struct scene *scene = *state;
    struct identity identity;
    uint64_t partner = fixture_upsert_partner(&scene->fixture, fixture_partner("p", "GM0606")).id;

    assert_null(add_client(scene, "club", ROLE(PARTNER), partner).status);
    assert_null(add_client(scene, "ops", ROLE(OPERATOR), 0).status);
    assert_int_equal(issue(scene, "club", 0).id, 1);
    assert_int_equal(log_in(scene, scene->text, 5, &identity), 0);
    assert_int_equal(identity.role, ROLE_PARTNER);
    assert_string_equal(identity.client, "club");
    assert_string_equal(identity.source, "club");
    assert_string_equal(identity.actor, "client:club/token:1");
    assert_int_equal(identity.partner, partner);
    assert_int_equal(identity.token, 1);
    assert_int_equal(issue(scene, "ops", 0).id, 2);
    assert_int_equal(log_in(scene, scene->text, 5, &identity), 0);
    assert_int_equal(identity.role, ROLE_OPERATOR);
    assert_string_equal(identity.source, "");
}

static Kansen__V1__WriteResult
set_certificate(struct scene *scene, const char *name, bool allowed)
{
    Kansen__V1__SetClientCertificate given = KANSEN__V1__SET_CLIENT_CERTIFICATE__INIT;

    given.name = (char *)name;
    given.certificate_login = allowed;
    return fixture_do(&scene->fixture, WRITE(SET_CLIENT_CERTIFICATE, set_client_certificate, &given));
}

// Comes by a certificate with this name that is good until until_us.
static int
show(struct scene *scene, const char *name, int64_t until_us, int64_t now_us, struct identity *identity)
{
    struct txn *txn = scene->fixture.read;
    struct fault fault;
    int rc;

    assert_int_equal(txn_begin(txn), 0);
    rc = login_by_certificate(txn, name, until_us, now_us, scene->fixture.arena, identity, &fault);
    txn_end(txn);
    return rc;
}

static void
test_by_certificate(void **state)
{
    struct scene *scene = *state;
    struct identity identity;

    assert_null(add_client(scene, "portal", ROLE(PORTAL), 0).status);
    assert_int_equal(show(scene, "portal", 9, 5, &identity), FAULT); // not without a word in the record
    assert_null(set_certificate(scene, "portal", true).status);
    assert_int_equal(show(scene, "portal", 9, 5, &identity), 0);
    assert_int_equal(identity.role, ROLE_PORTAL);
    assert_string_equal(identity.actor, "client:portal");
    assert_int_equal(identity.token, 0);
    assert_int_equal(identity.expires_us, 9);
    assert_int_equal(show(scene, "portal2", 9, 5, &identity), FAULT);
    assert_int_equal(show(scene, "", 9, 5, &identity), FAULT);
    assert_true(stands(scene, &identity, 8));
    assert_false(stands(scene, &identity, 9)); // it ends with its certificate
    assert_int_equal(show(scene, "portal", 9, 9, &identity), FAULT);
    assert_null(set_status(scene, "portal", STATUS(SUSPENDED)).status);
    assert_false(stands(scene, &identity, 5));
    assert_int_equal(show(scene, "portal", 9, 5, &identity), FAULT);
    assert_null(set_status(scene, "portal", STATUS(ACTIVE)).status);
    assert_true(stands(scene, &identity, 5));
    assert_null(set_certificate(scene, "portal", false).status);
    assert_false(stands(scene, &identity, 5));
    assert_int_equal(show(scene, "portal", 9, 5, &identity), FAULT);
}

static void
test_a_token_that_is_not_known(void **state)
{
    struct scene *scene = *state;
    uint8_t bytes[TOKEN_BYTES] = {1};
    struct identity identity;
    char other[TOKEN_TEXT_MAX];

    assert_null(add_client(scene, "portal", ROLE(PORTAL), 0).status);
    assert_null(issue(scene, "portal", 0).status);
    token_write(bytes, other);
    assert_int_equal(log_in(scene, other, 5, &identity), FAULT);
    assert_int_equal(log_in(scene, "", 5, &identity), FAULT);
    assert_int_equal(log_in(scene, "portal", 5, &identity), FAULT);
    scene->text[20] = scene->text[20] == 'A' ? 'B' : 'A';
    assert_int_equal(log_in(scene, scene->text, 5, &identity), FAULT);
}

// Without the key of this directory a hash says nothing.
static void
test_another_key(void **state)
{
    struct scene *scene = *state;
    struct identity identity;
    struct fault fault;
    char path[128];

    assert_null(add_client(scene, "portal", ROLE(PORTAL), 0).status);
    assert_null(issue(scene, "portal", 0).status);
    assert_int_equal(log_in(scene, scene->text, 5, &identity), 0);
    secret_free(scene->secret);
    snprintf(path, sizeof path, "%s/%s", scene->fixture.dir, SECRET_FILE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(secret_open(scene->fixture.dir, &scene->secret, &fault), 0);
    assert_int_equal(log_in(scene, scene->text, 5, &identity), FAULT);
}

static void
test_expiry(void **state)
{
    struct scene *scene = *state;
    struct identity identity;
    int64_t end = 1000000;

    assert_null(add_client(scene, "portal", ROLE(PORTAL), 0).status);
    assert_refused(issue(scene, "portal", 1), CODE_INVALID_ARGUMENT, "expires_us"); // has passed
    assert_null(issue(scene, "portal", end).status);
    assert_int_equal(log_in(scene, scene->text, end - 1, &identity), 0);
    assert_int_equal(identity.expires_us, end);
    assert_true(stands(scene, &identity, end - 1));
    assert_false(stands(scene, &identity, end));
    assert_int_equal(log_in(scene, scene->text, end, &identity), FAULT);
}

static void
test_revocation(void **state)
{
    struct scene *scene = *state;
    struct identity first, second;
    uint64_t generation;
    char other[TOKEN_TEXT_MAX];

    assert_null(add_client(scene, "portal", ROLE(PORTAL), 0).status);
    assert_null(issue(scene, "portal", 0).status);
    memcpy(other, scene->text, sizeof other);
    assert_null(issue(scene, "portal", 0).status);
    assert_int_equal(log_in(scene, other, 5, &first), 0);
    assert_int_equal(log_in(scene, scene->text, 5, &second), 0);
    generation = client_generation(scene->fixture.store);
    assert_int_equal(revoke_token(scene, 1).outcome, KANSEN__V1__OUTCOME__OUTCOME_REMOVED);
    assert_int_not_equal(client_generation(scene->fixture.store), generation);
    assert_false(stands(scene, &first, 5));
    assert_true(stands(scene, &second, 5));
    assert_int_equal(log_in(scene, other, 5, &first), FAULT);
    assert_int_equal(log_in(scene, scene->text, 5, &second), 0);
    assert_int_equal(revoke_token(scene, 1).outcome, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
    assert_refused(revoke_token(scene, 3), CODE_NOT_FOUND, "id");
}

static void
test_suspension(void **state)
{
    struct scene *scene = *state;
    char text[TOKEN_TEXT_MAX];
    struct identity identity;

    assert_null(add_client(scene, "portal", ROLE(PORTAL), 0).status);
    assert_null(issue(scene, "portal", 0).status);
    memcpy(text, scene->text, sizeof text);
    assert_int_equal(log_in(scene, text, 5, &identity), 0);
    assert_int_equal(set_status(scene, "portal", STATUS(SUSPENDED)).version, 2);
    assert_false(stands(scene, &identity, 5));
    assert_int_equal(log_in(scene, text, 5, &identity), FAULT);
    assert_refused(issue(scene, "portal", 0), CODE_FAILED_PRECONDITION, "client");
    assert_int_equal(set_status(scene, "portal", STATUS(SUSPENDED)).outcome,
                     KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
    assert_int_equal(set_status(scene, "portal", STATUS(ACTIVE)).version, 3);
    assert_int_equal(log_in(scene, text, 5, &identity), 0);
}

static void
test_what_is_no_client(void **state)
{
    struct scene *scene = *state;
    uint64_t partner = fixture_upsert_partner(&scene->fixture, fixture_partner("p", "GM0606")).id;

    assert_refused(add_client(scene, "", ROLE(PORTAL), 0), CODE_INVALID_ARGUMENT, "client.name");
    assert_refused(add_client(scene, "two words", ROLE(PORTAL), 0), CODE_INVALID_ARGUMENT, "client.name");
    assert_refused(add_client(scene, "a", ROLE(UNSPECIFIED), 0), CODE_INVALID_ARGUMENT, "client.role");
    assert_refused(add_client(scene, "a", (Kansen__V1__Role)77, 0), CODE_INVALID_ARGUMENT, "client.role");
    assert_refused(add_client(scene, "a", ROLE(PARTNER), 0), CODE_INVALID_ARGUMENT, "client.partner_id");
    assert_refused(add_client(scene, "a", ROLE(PARTNER), 99), CODE_INVALID_ARGUMENT, "client.partner_id");
    assert_refused(add_client(scene, "a", ROLE(PORTAL), partner), CODE_INVALID_ARGUMENT, "client.partner_id");
    assert_refused(add_client(scene, "local", ROLE(PORTAL), 0), CODE_INVALID_ARGUMENT, "client.name");
    assert_null(add_client(scene, "local", ROLE(OPERATOR), 0).status);
    assert_refused(add_client(scene, "local", ROLE(OPERATOR), 0), CODE_ALREADY_EXISTS, "client.name");
    assert_refused(issue(scene, "nobody", 0), CODE_NOT_FOUND, "client");
    assert_refused(set_status(scene, "nobody", STATUS(ACTIVE)), CODE_NOT_FOUND, "name");
}

// The journal tells that a token was issued, and nothing that leads to it: a keyed hash of 32 random bytes,
// which the command carried, so that it can be done again, and nothing else.
static void
test_the_journal_carries_no_secret(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__WriteResult result;
    Kansen__V1__JournalEntry *entry;
    uint8_t token[TOKEN_BYTES], hash[SECRET_HASH_BYTES], *bytes;
    size_t len;

    assert_null(add_client(scene, "portal", ROLE(PORTAL), 0).status);
    result = issue(scene, "portal", 0);
    assert_string_equal(result.token, ""); // the worker adds it
    assert_true(token_read(scene->text, token));
    secret_hash_token(scene->secret, token, sizeof token, hash);
    assert_int_equal(txn_begin(scene->fixture.read), 0);
    assert_int_equal(journal_get(scene->fixture.read, result.sequence, scene->fixture.arena, &entry), 0);
    len = kansen__v1__journal_entry__get_packed_size(entry);
    bytes = malloc(len);
    kansen__v1__journal_entry__pack(entry, bytes);
    assert_null(memmem(bytes, len, token, sizeof token));
    assert_int_equal(entry->token_hash.len, sizeof hash);
    assert_memory_equal(entry->token_hash.data, hash, sizeof hash);
    assert_null(memmem(bytes, len, scene->text + 7, 8));
    assert_int_equal(entry->changes[0]->kind, KANSEN__V1__RECORD_KIND__RECORD_KIND_TOKEN);
    assert_string_equal(entry->changes[0]->client, "portal");
    txn_end(scene->fixture.read);
    free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_by_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_token_that_is_not_known, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expiry, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revocation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_suspension, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_client, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_journal_carries_no_secret, setup, teardown),
    };

    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
