// SPDX-License-Identifier: Apache-2.0
// What is counted in the store, held against a count over all rows, and what the clock's thread tells of it.
#include "store/census.h"
#include "store/index.h"
#include "store/partner_offers.h"
#include "tests/unit/offers_fixture.h"
#include "work/gauges.h"
#include <unistd.h>

#define CROWD 9000u // full blocks, and small ones beside them

static int
setup(void **state)
{
    return offers_setup(state, 97);
}

// Counts one by one.
static void
count_rows(struct txn *txn, struct census_kind out[CENSUS_KINDS])
{
    struct offer_row row = {0};

    memset(out, 0, CENSUS_KINDS * sizeof out[0]);
    while (offer_row_next(txn, row.offer_id, &row) == 0) {
        unsigned free = row.seats > row.seats_taken ? (unsigned)(row.seats - row.seats_taken) : 0;
        bool open = (row.flags & OFFER_ROW_LIVE) != 0 && free > 0;

        out[row.kind].offers++;
        out[row.kind].open += open;
        out[row.kind].seats += open ? free : 0;
    }
}

static void
assert_right(struct offers *offers)
{
    struct census_kind kinds[CENSUS_KINDS], wanted[CENSUS_KINDS];
    struct census_counts counts;
    uint64_t all = 0;

    assert_int_equal(txn_begin(offers->fixture.read), 0);
    count_rows(offers->fixture.read, wanted);
    assert_int_equal(census_kinds(offers->fixture.read, kinds), 0);
    assert_int_equal(census_count(offers->fixture.read, &counts), 0);
    for (unsigned kind = 0; kind < CENSUS_KINDS; kind++) {
        assert_int_equal(kinds[kind].offers, wanted[kind].offers);
        assert_int_equal(kinds[kind].open, wanted[kind].open);
        assert_int_equal(kinds[kind].seats, wanted[kind].seats);
        all += kinds[kind].offers;
    }
    assert_int_equal(counts.records[CENSUS_OFFERS], all);
    assert_int_equal(counts.records[CENSUS_PARTNERS], OFFERS_PARTNERS);
    assert_int_equal(counts.sequence, txn_sequence(offers->fixture.read));
    assert_in_range(counts.free_pages, 0, counts.pages - 1);
    txn_end(offers->fixture.read);
}

static void
test_nothing(void **state)
{
    assert_right(*state);
}

static void
test_kinds(void **state)
{
    struct offers *offers = *state;

    offers_fill(offers, 700);
    assert_right(offers);
    offers_fill_crowd(offers, CROWD);
    assert_right(offers);
}

static void
test_after_changes(void **state)
{
    struct offers *offers = *state;
    struct census_counts before, after;
    struct offer_row row = {0};

    assert_int_equal(txn_begin(offers->fixture.read), 0);
    assert_int_equal(census_count(offers->fixture.read, &before), 0);
    txn_end(offers->fixture.read);
    assert_int_equal(txn_begin(offers->fixture.write), 0);
    while (offer_row_next(offers->fixture.write, row.offer_id, &row) == 0) {
        if (row.offer_id % 3 == 0)
            assert_int_equal(index_take_seats(offers->fixture.write, row.offer_id, (int)row.seats, 0), 0);
        else if (row.offer_id % 3 == 1)
            assert_int_equal(index_delete(offers->fixture.write, row.offer_id), 0);
    }
    assert_int_equal(txn_commit(offers->fixture.write), 0);
    assert_int_equal(txn_begin(offers->fixture.read), 0);
    assert_int_equal(census_count(offers->fixture.read, &after), 0);
    txn_end(offers->fixture.read);
    assert_true(after.free_pages > before.free_pages); // of rows that went
}

// Rows, as the records of test_after_changes stay.
static void
test_rows_after_changes(void **state)
{
    struct offers *offers = *state;
    struct census_kind kinds[CENSUS_KINDS], wanted[CENSUS_KINDS];

    assert_int_equal(txn_begin(offers->fixture.read), 0);
    count_rows(offers->fixture.read, wanted);
    assert_int_equal(census_kinds(offers->fixture.read, kinds), 0);
    assert_memory_equal(kinds, wanted, sizeof kinds);
    assert_true(kinds[1].offers > kinds[1].open); // some are taken
    txn_end(offers->fixture.read);
}

static void
test_readers(void **state)
{
    struct offers *offers = *state;
    struct census_readers readers;

    census_readers(offers->fixture.store, &readers);
    assert_int_equal(readers.open, 0);
    assert_int_equal(readers.oldest, 0);
    assert_int_equal(txn_begin(offers->fixture.read), 0);
    offers_fill(offers, 1);
    offers_fill(offers, 1);
    census_readers(offers->fixture.store, &readers);
    assert_int_equal(readers.open, 1);
    assert_int_equal(readers.oldest, readers.current - 2);
    txn_end(offers->fixture.read);
}

// The clock's thread looks, and looks again a second later.
static void
test_gauges(void **state)
{
    struct offers *offers = *state;
    struct gauges *gauges = gauges_new(offers->fixture.store);
    struct gauges_values first, then;
    struct txn *txn;

    assert_non_null(gauges);
    assert_int_equal(txn_new_read(offers->fixture.store, &txn), 0);
    gauges_read(gauges, &first);
    assert_int_equal(first.looked_us, 0);
    assert_int_equal(txn_begin(offers->fixture.read), 0); // is left behind
    gauges_look(gauges, txn);
    gauges_read(gauges, &first);
    assert_int_not_equal(first.looked_us, 0);
    assert_int_equal(first.oldest_reader_us, 0);
    assert_int_not_equal(first.kinds[1].offers, 0);
    offers_fill(offers, 50);
    gauges_look(gauges, txn); // too early
    gauges_read(gauges, &then);
    assert_int_equal(then.looked_us, first.looked_us);
    for (int i = 0; i < 2; i++) {
        usleep(1100000);
        gauges_look(gauges, txn);
    }
    gauges_read(gauges, &then);
    assert_int_equal(then.counts.records[CENSUS_OFFERS], first.counts.records[CENSUS_OFFERS] + 50);
    assert_in_range(then.oldest_reader_us, 1000000, 60000000);
    assert_int_equal(then.readers.open, 1);
    txn_end(offers->fixture.read);
    txn_free(txn);
    gauges_free(gauges);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),       cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_after_changes), cmocka_unit_test(test_rows_after_changes),
        cmocka_unit_test(test_readers),       cmocka_unit_test(test_gauges),
    };

    return cmocka_run_group_tests(tests, setup, offers_teardown);
}
