// SPDX-License-Identifier: Apache-2.0
// A stream that is read while transactions fail: the store is as the last commit left it, and no piece
// follows one that was lost.
#include "store/archive.h"
#include "store/key_check.h"
#include "store/load.h"
#include "tests/unit/store_fixture.h"
#include <stdlib.h>
#include <string.h>

static const uint8_t key_check[KEY_CHECK_BYTES] = {1, 2, 3};

static void
open_with_key(struct fixture *fixture)
{
    fixture_start(fixture);
    assert_int_equal(key_check_set(fixture->store, key_check), 0);
}

// A stream of a store with a partner.
static void
make_stream(struct buf *out)
{
    struct archive_order order = {.kind = KANSEN__V1__STREAM_KIND__STREAM_KIND_STORE, .server_version = "0"};
    struct archive_writer *writer = NULL;
    struct fixture fixture;
    struct fault fault;
    bool end = false;

    open_with_key(&fixture);
    fixture_upsert_partner(&fixture, fixture_partner("p", "GM0606"));
    assert_int_equal(archive_writer_new(fixture.store, &order, &writer, &fault), 0);
    while (!end)
        assert_int_equal(archive_write(writer, 1 << 16, out, &end), 0);
    archive_writer_free(writer);
    fixture_end(&fixture);
}

struct loading {
    struct fixture fixture; // a store that has nothing but its seeds and its key
    struct buf stream;
    size_t len; // of the stream
};

static int
set_up(void **state)
{
    struct loading *loading = calloc(1, sizeof *loading);

    assert_non_null(loading);
    make_stream(&loading->stream);
    loading->len = buf_len(&loading->stream);
    open_with_key(&loading->fixture);
    *state = loading;
    return 0;
}

static int
tear_down(void **state)
{
    struct loading *loading = *state;

    fixture_end(&loading->fixture);
    buf_free(&loading->stream);
    free(loading);
    return 0;
}

static uint64_t
count_regions(struct fixture *fixture)
{
    struct store_counts counts;

    assert_int_equal(txn_begin(fixture->read), 0);
    assert_int_equal(txn_counts(fixture->read, &counts), 0);
    txn_end(fixture->read);
    return counts.regions;
}

// A piece of stream in a transaction, which is committed or fails.
static int
give(struct fixture *fixture, const struct buf *stream, size_t from, size_t to, bool commits)
{
    struct fault fault;
    int rc;

    assert_int_equal(txn_begin(fixture->write), 0);
    rc = load_piece(fixture->write, from, buf_bytes(stream) + from, to - from, &fault);
    if (commits)
        assert_int_equal(txn_commit(fixture->write), 0);
    else
        txn_end(fixture->write);
    return rc;
}

static int
drop(struct fixture *fixture)
{
    struct fault fault;
    int rc;

    assert_int_equal(txn_begin(fixture->write), 0);
    rc = load_drop(fixture->write, &fault);
    assert_int_equal(txn_commit(fixture->write), 0);
    return rc;
}

static void
test_a_first_piece_is_lost(void **state)
{
    struct loading *loading = *state;
    struct fixture *fixture = &loading->fixture;
    uint64_t regions;
    size_t len = loading->len;

    regions = count_regions(fixture);
    assert_true(regions > 0);
    assert_int_equal(give(fixture, &loading->stream, 0, len / 2, false), 0);
    assert_false(store_is_loading(fixture->store)); // others go on with what is there
    assert_int_equal(count_regions(fixture), regions);
    assert_int_equal(give(fixture, &loading->stream, len / 2, len, true), FAULT);
    assert_int_equal(count_regions(fixture), regions);
    assert_int_equal(give(fixture, &loading->stream, 0, len, true), 0); // begun anew
    assert_false(store_is_loading(fixture->store));
}

static void
test_a_later_piece_is_lost(void **state)
{
    struct loading *loading = *state;
    struct fixture *fixture = &loading->fixture;
    size_t len = loading->len;

    assert_int_equal(give(fixture, &loading->stream, 0, len / 2, true), 0);
    assert_int_equal(give(fixture, &loading->stream, len / 2, len - 10, false), 0);
    assert_true(store_is_loading(fixture->store));
    assert_int_equal(give(fixture, &loading->stream, len - 10, len, true), FAULT);
    assert_true(store_is_loading(fixture->store));
    assert_int_equal(drop(fixture), 0);
    assert_false(store_is_loading(fixture->store));
    assert_int_equal(count_regions(fixture), 0);
}

static void
test_nothing_changes_before_the_header(void **state)
{
    struct loading *loading = *state;
    struct fixture *fixture = &loading->fixture;
    uint64_t regions;

    regions = count_regions(fixture);
    assert_int_equal(give(fixture, &loading->stream, 0, 1, true), 0);
    assert_true(store_is_loading(fixture->store));
    assert_int_equal(give(fixture, &loading->stream, 1, 9, true), 0);
    assert_int_equal(count_regions(fixture), regions);
    assert_int_equal(drop(fixture), 0);
    assert_false(store_is_loading(fixture->store));
    assert_int_equal(count_regions(fixture), regions);
    assert_int_equal(drop(fixture), FAULT);
}

// What ends and begins in one transaction, as two askers may have it.
static void
test_one_behind_another(void **state)
{
    struct loading *loading = *state;
    struct fixture *fixture = &loading->fixture;
    struct fault fault;
    size_t len = loading->len;

    assert_int_equal(give(fixture, &loading->stream, 0, len / 2, true), 0);
    assert_int_equal(txn_begin(fixture->write), 0);
    assert_int_equal(load_drop(fixture->write, &fault), 0);
    assert_int_equal(load_drop(fixture->write, &fault), FAULT);
    assert_int_equal(load_piece(fixture->write, 0, buf_bytes(&loading->stream), len / 2, &fault), 0);
    assert_int_equal(txn_commit(fixture->write), 0);
    assert_true(store_is_loading(fixture->store)); // so nobody writes what would be lost
    assert_int_equal(txn_begin(fixture->write), 0);
    assert_int_equal(
        load_piece(fixture->write, len / 2, buf_bytes(&loading->stream) + len / 2, len - len / 2, &fault), 0);
    assert_int_equal(load_piece(fixture->write, 0, buf_bytes(&loading->stream), len / 2, &fault), FAULT);
    assert_string_equal(fault.message, "a stream is read into an empty store only, and this one has entries "
                                       "in partner");
    assert_int_equal(load_drop(fixture->write, &fault), FAULT);
    assert_int_equal(txn_commit(fixture->write), 0);
    assert_false(store_is_loading(fixture->store));
    assert_true(store_has_loaded(fixture->store));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_first_piece_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_later_piece_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_changes_before_the_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_behind_another, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
