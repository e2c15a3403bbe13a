// SPDX-License-Identifier: Apache-2.0
// The offers of a partner, some of which are listed and some not: each list is that of the rows, whatever
// happens to offers of both kinds, and the offline check tells a list that is not.
#include "store/partner_offers.h"
#include "tests/unit/blocks_fixture.h"

#define LATE_MAX 8192u // offers that a commit leaves unlisted

static int
setup(void **state)
{
    return offers_setup(state, 71);
}

// ---- What must hold

// The next offer of a partner behind `after`, by a look at each row; 0 = none.
static uint64_t
next_by_rows(struct txn *txn, uint64_t partner, uint64_t after)
{
    struct offer_row row = {.offer_id = after};

    while (offer_row_next(txn, row.offer_id, &row) == 0)
        if (row.partner_id == partner)
            return row.offer_id;
    return 0;
}

static void
check_lists(struct offers *offers, struct txn *txn)
{
    for (size_t i = 0; i < OFFERS_PARTNERS; i++) {
        uint64_t after = 0, offer, wanted;

        while ((wanted = next_by_rows(txn, offers->partners[i], after)) != 0) {
            assert_int_equal(partner_offer_next(txn, offers->partners[i], after, &offer), 0);
            assert_int_equal(offer, wanted);
            after = offer;
        }
        assert_int_equal(partner_offer_next(txn, offers->partners[i], after, &offer), STORE_E_NOT_FOUND);
    }
}

// Returns how many are not listed.
static uint64_t
verify(struct offers *offers)
{
    char report[512];
    uint64_t late;

    assert_int_equal(txn_begin(offers->fixture.read), 0);
    check_lists(offers, offers->fixture.read);
    assert_int_equal(partner_offers_late(offers->fixture.read, &late), 0);
    txn_end(offers->fixture.read);
    if (blocks_check_offline(&offers->fixture, report, sizeof report) != 0)
        fail_msg("%s", report);
    return late;
}

// ---- What happens

static void
add(struct offers *offers, unsigned count)
{
    assert_int_equal(txn_begin(offers->fixture.write), 0);
    for (unsigned i = 0; i < count; i++)
        offers_put(offers, offers_make(offers, offers_center));
    assert_int_equal(txn_commit(offers->fixture.write), 0);
}

static void
list(struct offers *offers)
{
    assert_int_equal(txn_begin(offers->fixture.write), 0);
    assert_int_equal(partner_offers_list(offers->fixture.write), 0);
    assert_int_equal(txn_commit(offers->fixture.write), 0);
}

// Gives every third offer to another partner and removes some of the others.
static void
stir(struct offers *offers)
{
    unsigned named = offers->named;

    assert_int_equal(txn_begin(offers->fixture.write), 0);
    for (unsigned id = 1; id <= named; id++) {
        Kansen__V1__RemoveOffer removal = KANSEN__V1__REMOVE_OFFER__INIT;
        struct offer_row row;

        if (offer_row_get(offers->fixture.write, id, &row) != 0)
            continue; // it is gone
        removal.id = id;
        offers->named = id - 1;
        if (id % 3 == 0)
            assert_int_equal(offers_put(offers, offers_make(offers, offers_center)), id);
        else if (id % 5 == 0)
            assert_null(fixture_apply(&offers->fixture, WRITE(REMOVE_OFFER, remove_offer, &removal)).status);
        arena_reset(offers->fixture.arena);
    }
    check_lists(offers, offers->fixture.write);
    assert_int_equal(txn_commit(offers->fixture.write), 0);
    offers->named = named;
}

// ---- Tests, each on what the ones before have left

static void
test_not_listed(void **state)
{
    struct offers *offers = *state;

    assert_int_equal(verify(offers), 0);
    add(offers, 50);
    assert_int_equal(verify(offers), 50);
    stir(offers);
    assert_int_equal(verify(offers), 50);
}

static void
test_listed(void **state)
{
    struct offers *offers = *state;

    list(offers);
    assert_int_equal(verify(offers), 0);
    stir(offers);
    assert_int_equal(verify(offers), 0);
    list(offers); // there is nothing to do
    assert_int_equal(verify(offers), 0);
}

static void
test_some_of_each(void **state)
{
    struct offers *offers = *state;

    add(offers, 50);
    stir(offers);
    assert_int_equal(verify(offers), 50);
    list(offers);
    add(offers, 1);
    assert_int_equal(verify(offers), 1);
}

// A list that was not committed has never been.
static void
test_dropped(void **state)
{
    struct offers *offers = *state;

    assert_int_equal(txn_begin(offers->fixture.write), 0);
    assert_int_equal(partner_offers_list(offers->fixture.write), 0);
    txn_end(offers->fixture.write);
    assert_int_equal(verify(offers), 1);
}

static void
test_damage_is_told(void **state)
{
    struct offers *offers = *state;
    uint64_t late = offers->named, listed = 1; // the first one is not removed by anybody
    char report[512];
    struct offer_row row;
    struct key key;

    assert_int_equal(txn_begin(offers->fixture.write), 0);
    assert_int_equal(offer_row_get(offers->fixture.write, late, &row), 0);
    key = key_pair(row.partner_id, late);
    assert_int_equal(table_put(offers->fixture.write, TABLE_PARTNER_OFFER, &key, "", 0, 0), 0);
    assert_int_equal(txn_commit(offers->fixture.write), 0);
    assert_int_equal(blocks_check_offline(&offers->fixture, report, sizeof report), 1);
    assert_non_null(strstr(report, "partner_offer: "));

    assert_int_equal(txn_begin(offers->fixture.write), 0);
    assert_int_equal(table_del(offers->fixture.write, TABLE_PARTNER_OFFER, &key), 0);
    assert_int_equal(offer_row_get(offers->fixture.write, listed, &row), 0);
    key = key_pair(row.partner_id, listed);
    assert_int_equal(table_del(offers->fixture.write, TABLE_PARTNER_OFFER, &key), 0);
    assert_int_equal(txn_commit(offers->fixture.write), 0);
    assert_int_equal(blocks_check_offline(&offers->fixture, report, sizeof report), 1);
    assert_non_null(strstr(report, "offer 1: not in the list of partner"));

    assert_int_equal(txn_begin(offers->fixture.write), 0);
    assert_int_equal(table_put(offers->fixture.write, TABLE_PARTNER_OFFER, &key, "", 0, 0), 0);
    assert_int_equal(txn_commit(offers->fixture.write), 0);
    assert_int_equal(verify(offers), 1);
}

// A commit lists when too many are not.
static void
test_commits_keep_up(void **state)
{
    struct offers *offers = *state;

    add(offers, LATE_MAX - 1);
    assert_int_equal(verify(offers), LATE_MAX);
    add(offers, 1);
    assert_int_equal(verify(offers), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_listed),     cmocka_unit_test(test_listed),
        cmocka_unit_test(test_some_of_each),   cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_damage_is_told), cmocka_unit_test(test_commits_keep_up),
    };

    return cmocka_run_group_tests_name("partner_offers", tests, setup, offers_teardown);
}
