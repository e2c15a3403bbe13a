// SPDX-License-Identifier: Apache-2.0
// Stores of other formats: one without clients and tokens is upgraded in place, others are refused and left
// as they are.
#include "store/check.h"
#include "store/client.h"
#include "tests/unit/store_fixture.h"
#include <lmdb.h>
#include <string.h>

// Gives the store another format; without clients, it has no tables of them.
static void
make_format(const struct fixture *fixture, uint64_t format, bool clients)
{
    static const char *const names[] = {"client", "token", "token_hash"};
    char path[128];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {6, (void *)"format"}, value = {sizeof format, &format};

    snprintf(path, sizeof path, "%s/%s", fixture->dir, STORE_FILE);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "meta", 0, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !clients; i++) {
        assert_int_equal(mdb_dbi_open(txn, names[i], 0, &dbi), 0);
        assert_int_equal(mdb_drop(txn, dbi, 1), 0);
    }
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void
refuse(const struct fixture *fixture, bool read_only, const char *says)
{
    struct store_options options = {.dir = fixture->dir, .read_only = read_only};
    struct store *store = NULL;
    struct fault fault;

    assert_int_equal(store_open(&options, &store, &fault), FAULT);
    assert_int_equal(fault.code, CODE_FAILED_PRECONDITION);
    assert_non_null(strstr(fault.message, says));
}

static void
test_a_store_without_clients_is_upgraded(void **state)
{
    Kansen__V1__Client client = KANSEN__V1__CLIENT__INIT, *found;
    Kansen__V1__CreateClient create = KANSEN__V1__CREATE_CLIENT__INIT;
    struct fixture fixture;
    FILE *out = tmpfile();
    uint64_t partner;

    (void)state;
    fixture_start(&fixture);
    partner = fixture_upsert_partner(&fixture, fixture_partner("p", "GM0606")).id;
    fixture_close(&fixture);
    make_format(&fixture, 4, false);
    refuse(&fixture, true, "start it once");
    fixture_open(&fixture);
    client.name = (char *)"portal";
    client.role = KANSEN__V1__ROLE__ROLE_PORTAL;
    create.client = &client;
    assert_null(fixture_do(&fixture, WRITE(CREATE_CLIENT, create_client, &create)).status);
    fixture_close(&fixture);
    assert_int_equal(check_run(fixture.dir, out), 0); // in the new format, it can be read only too
    fixture_open(&fixture);
    assert_int_equal(txn_begin(fixture.read), 0);
    assert_int_equal(client_get(fixture.read, "portal", fixture.arena, &found), 0);
    assert_int_equal(partner_find(fixture.read, "local", "p", &partner), 0);
    txn_end(fixture.read);
    fclose(out);
    fixture_end(&fixture);
}

static void
test_other_formats_are_refused(void **state)
{
    static const uint64_t formats[] = {1, STORE_FORMAT + 1, 99};
    struct fixture fixture;

    (void)state;
    fixture_start(&fixture);
    fixture_close(&fixture);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        make_format(&fixture, formats[i], true);
        refuse(&fixture, false, "use the version that wrote it");
        refuse(&fixture, true, "use the version that wrote it");
    }
    make_format(&fixture, STORE_FORMAT, true); // nothing had been done to it
    fixture_open(&fixture);
    fixture_end(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_store_without_clients_is_upgraded),
        cmocka_unit_test(test_other_formats_are_refused),
    };

    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
