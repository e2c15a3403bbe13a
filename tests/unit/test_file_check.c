// SPDX-License-Identifier: Apache-2.0
// A store's file that has lost its end is refused before it is read; one that only lacks free pages is not.
#include "store/check.h"
#include "store/internal.h"
#include "tests/unit/store_fixture.h"
#include <string.h>
#include <sys/stat.h>

#define PAGE  4096
#define LARGE (200 * PAGE)

static void
path_of(const struct fixture *fixture, char out[128])
{
    snprintf(out, 128, "%s/" STORE_FILE, fixture->dir);
}

static off_t
bytes_of(const struct fixture *fixture)
{
    struct stat file;
    char path[128];

    path_of(fixture, path);
    assert_int_equal(stat(path, &file), 0);
    return file.st_size;
}

static void
cut_to(const struct fixture *fixture, off_t bytes)
{
    char path[128];

    path_of(fixture, path);
    assert_int_equal(truncate(path, bytes), 0);
}

static void
refuse(struct store_options options, const char *says)
{
    struct store *store = NULL;
    struct fault fault;

    assert_int_equal(store_open(&options, &store, &fault), FAULT);
    if (strstr(fault.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

// Takes pages from the file's end and gives them back, in one transaction. Returns the pages that the store
// speaks of.
static off_t
leave_pages_unwritten(struct fixture *fixture)
{
    struct key key = key_text("large");
    char *bytes = calloc(1, LARGE);
    struct store_usage usage;

    assert_non_null(bytes);
    assert_int_equal(txn_begin(fixture->write), 0);
    // LMDB looks for free pages first, and gives pages back only to what it has found of them.
    assert_int_equal(table_put(fixture->write, TABLE_META, &key, bytes, LARGE, 0), 0);
    assert_int_equal(table_del(fixture->write, TABLE_META, &key), 0);
    assert_int_equal(txn_commit(fixture->write), 0);
    free(bytes);
    usage = store_usage(fixture->store);
    return (off_t)(usage.used_bytes / PAGE);
}

static void
test_free_pages_may_be_missing(void **state)
{
    struct fixture fixture;
    FILE *out = tmpfile();
    off_t pages;

    (void)state;
    fixture_start(&fixture);
    pages = leave_pages_unwritten(&fixture);
    fixture_close(&fixture);
    assert_true(bytes_of(&fixture) / PAGE + LARGE / PAGE / 2 < pages); // or this shows nothing
    assert_int_equal(check_run(fixture.dir, out), 0);
    fixture_open(&fixture);
    assert_int_equal(fixture_upsert_partner(&fixture, fixture_partner("p", "GM0606")).outcome,
                     KANSEN__V1__OUTCOME__OUTCOME_CREATED);
    fixture_close(&fixture);
    assert_int_equal(check_run(fixture.dir, out), 0);
    fixture_open(&fixture);
    fixture_end(&fixture);
    fclose(out);
}

static void
test_pages_in_use_may_not(void **state)
{
    struct fixture fixture;
    FILE *out = tmpfile();
    bool cut = false;

    (void)state;
    fixture_start(&fixture);
    leave_pages_unwritten(&fixture);
    fixture_close(&fixture);
    for (off_t left = bytes_of(&fixture) - 1; left > 0; left -= left > 64 * PAGE ? PAGE : 1000) {
        cut_to(&fixture, left);
        if (!cut && check_run(fixture.dir, out) == 0) // the last pages are free ones
            continue;
        cut = true;
        refuse((struct store_options){.dir = fixture.dir, .read_only = true}, "is cut short: ");
        refuse((struct store_options){.dir = fixture.dir}, "is cut short: ");
        assert_int_equal(check_run(fixture.dir, out), 1);
        assert_int_equal(bytes_of(&fixture), left); // nothing is mended by guessing
    }
    assert_true(cut);
    fclose(out);
    cut_to(&fixture, 0);
    fixture_open(&fixture);
    fixture_end(&fixture);
}

static void
test_an_empty_file(void **state)
{
    struct fixture fixture;

    (void)state;
    fixture_start(&fixture);
    fixture_close(&fixture);
    cut_to(&fixture, 0);
    refuse((struct store_options){.dir = fixture.dir, .was_used = true}, "is empty (0 bytes)");
    refuse((struct store_options){.dir = fixture.dir, .must_exist = true}, "is empty (0 bytes)");
    refuse((struct store_options){.dir = fixture.dir, .read_only = true}, "is empty (0 bytes)");
    assert_int_equal(bytes_of(&fixture), 0);
    fixture_open(&fixture); // what a first start leaves that was killed early
    fixture_end(&fixture);
}

static void
test_nothing_is_made(void **state)
{
    struct fixture fixture;
    char dir[80];

    (void)state;
    fixture_start(&fixture);
    snprintf(dir, sizeof dir, "%s/no", fixture.dir);
    refuse((struct store_options){.dir = dir, .must_exist = true}, "no store is there");
    refuse((struct store_options){.dir = dir, .read_only = true}, "no store is there");
    assert_int_equal(access(dir, F_OK), -1);
    fixture_end(&fixture);
}

static void
test_a_check_without_a_file_to_lock(void **state)
{
    struct fixture fixture;
    FILE *out = tmpfile();
    char path[128];

    (void)state;
    fixture_start(&fixture);
    fixture_close(&fixture);
    snprintf(path, sizeof path, "%s/kansend.lock", fixture.dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(check_run(fixture.dir, out), 0);
    assert_int_equal(access(path, F_OK), -1);
    fclose(out);
    fixture_open(&fixture);
    fixture_end(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_pages_may_be_missing),
        cmocka_unit_test(test_pages_in_use_may_not),
        cmocka_unit_test(test_an_empty_file),
        cmocka_unit_test(test_nothing_is_made),
        cmocka_unit_test(test_a_check_without_a_file_to_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
