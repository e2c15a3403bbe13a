// SPDX-License-Identifier: Apache-2.0
// Stores of other formats: one without clients and tokens is upgraded in place, others are refused and left
// as they are.
#include "store/check.h"
#include "store/client.h"
#include "tests/unit/store_fixture.h"
#include <lmdb.h>
#include <string.h>
#include <sys/stat.h>

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
    char kept[128];

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
    snprintf(kept, sizeof kept, "%s/" STORE_FILE ".format-4", fixture.dir);
    assert_int_equal(unlink(kept), 0);
    fixture_end(&fixture);
}

// Bytes of a file in the fixture's directory; NULL if it is not there.
static char *
bytes_of(const struct fixture *fixture, const char *name, size_t *len)
{
    char path[128], *bytes;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", fixture->dir, name);
    file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *len = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(*len + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *len, file), *len);
    fclose(file);
    return bytes;
}

#define KEPT STORE_FILE ".format-4"

// Before a store is upgraded its file is copied, or nothing is done; a store of this format needs no copy.
static void
test_what_is_kept(void **state)
{
    struct store_options options = {.map_bytes = UINT64_C(256) << 20, .plain_upgrade = true};
    struct fixture fixture;
    struct fault fault;
    char path[128], *before, *kept;
    size_t len, kept_len;

    (void)state;
    fixture_start(&fixture);
    fixture_close(&fixture);
    options.dir = fixture.dir;
    assert_null(bytes_of(&fixture, KEPT, &len));
    make_format(&fixture, 4, false);
    before = bytes_of(&fixture, STORE_FILE, &len);
    snprintf(path, sizeof path, "%s/%s.part", fixture.dir, KEPT);
    assert_int_equal(mkdir(path, 0700), 0); // so that it can not be written
    refuse(&fixture, false, "can not be written first");
    kept = bytes_of(&fixture, STORE_FILE, &kept_len);
    assert_int_equal(kept_len, len);
    assert_memory_equal(kept, before, len);
    free(kept);
    assert_int_equal(rmdir(path), 0);
    fixture_open(&fixture);
    assert_int_equal(store_upgraded_from(fixture.store), 4);
    fixture_close(&fixture);
    kept = bytes_of(&fixture, KEPT, &kept_len);
    assert_int_equal(kept_len, len);
    assert_memory_equal(kept, before, len);
    snprintf(path, sizeof path, "%s/%s", fixture.dir, KEPT);
    unlink(path);
    make_format(&fixture, 4, false); // again, by who wants no copy
    assert_int_equal(store_open(&options, &fixture.store, &fault), 0);
    assert_int_equal(store_upgraded_from(fixture.store), 4);
    assert_null(bytes_of(&fixture, KEPT, &kept_len));
    store_close(fixture.store);
    fixture_open(&fixture);
    free(before);
    free(kept);
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
        char numbers[64];

        make_format(&fixture, formats[i], true);
        snprintf(numbers, sizeof numbers, "has format %u, this kansend reads format %u", (unsigned)formats[i],
                 STORE_FORMAT);
        refuse(&fixture, false, numbers);
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
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_other_formats_are_refused),
    };

    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
