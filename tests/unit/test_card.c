// SPDX-License-Identifier: Apache-2.0
// Cards in their chunks: whatever comes, grows, shrinks or goes, each card is the one that was put last, and
// its neighbours are as they were.
#include "store/card_write.h"
#include "store/internal.h"
#include "store/records.h"
#include "tests/unit/offers_fixture.h"
#include <kansen/v1/match.pb-c.h>

#define IDS   (CARD_CHUNK * 5 / 2)
#define TITLE 900u // longest title, so that a chunk is larger than a page

struct state {
    struct offers offers;
    const struct catalog *catalog;
    size_t titles[IDS]; // length of each card's title, by id; 0 = there is no card
};

static int
setup(void **out)
{
    struct state *state = calloc(1, sizeof *state);

    assert_non_null(state);
    offers_start(&state->offers);
    srandom(71);
    *out = state;
    return 0;
}

static int
teardown(void **out)
{
    struct state *state = *out;

    fixture_end(&state->offers.fixture);
    free(state);
    return 0;
}

static void
begin(struct state *state)
{
    assert_int_equal(txn_begin(state->offers.fixture.write), 0);
    assert_int_equal(txn_catalog(state->offers.fixture.write, &state->catalog), 0);
}

static void
commit(struct state *state)
{
    assert_int_equal(txn_commit(state->offers.fixture.write), 0);
}

// An offer with a title of so many letters, each that of its id.
struct made {
    Kansen__V1__Offer offer;
    Kansen__V1__Partner partner;
    struct offer_row row;
    char title[TITLE + 1];
};

static void
make(struct made *made, uint64_t id, size_t title)
{
    memset(made, 0, sizeof *made);
    memset(made->title, 'a' + (int)(id % 26), title);
    made->offer = fixture_offer("o", 1, (char **)&offers_interests[0]);
    made->offer.id = id;
    made->offer.title = made->title;
    made->partner = fixture_partner("p", offers_municipalities[0]);
    made->partner.id = 7;
    made->row = (struct offer_row){
        .offer_id = id, .partner_id = 7, .interests = {(uint16_t)(1 + id % 5)}, .position = offers_center};
}

static void
put(struct state *state, uint64_t id, size_t title)
{
    struct made made;

    make(&made, id, title);
    assert_int_equal(
        card_put(state->offers.fixture.write, state->catalog, &made.offer, &made.partner, &made.row), 0);
    state->titles[id] = title;
}

static void
drop(struct state *state, uint64_t id)
{
    assert_int_equal(card_delete(state->offers.fixture.write, id),
                     state->titles[id] == 0 ? STORE_E_NOT_FOUND : 0);
    state->titles[id] = 0;
}

// ---- Looking

static void
check_card(const struct made *made, const struct card *card)
{
    Kansen__V1__Match *match = kansen__v1__match__unpack(NULL, card->match_len, card->match);

    assert_non_null(match);
    assert_int_equal(match->offer_id, made->offer.id);
    assert_string_equal(match->title, made->title);
    assert_memory_equal(card->interests, made->row.interests, sizeof card->interests);
    kansen__v1__match__free_unpacked(match, NULL);
}

static void
check_all(struct state *state, struct txn *txn)
{
    uint64_t n = 0, count;

    for (uint64_t id = 0; id < IDS; id++) {
        struct made made;
        struct card card;
        bool good;

        make(&made, id, state->titles[id]);
        assert_int_equal(card_check(txn, state->catalog, &made.offer, &made.partner, &made.row, &good), 0);
        assert_int_equal(good, state->titles[id] != 0);
        assert_int_equal(card_get(txn, id, &card), state->titles[id] != 0 ? 0 : STORE_E_NOT_FOUND);
        if (state->titles[id] == 0)
            continue;
        check_card(&made, &card);
        n++;
    }
    assert_int_equal(card_count(txn, &count), 0);
    assert_int_equal(count, n);
}

// ---- Tests, each on what the ones before have left

static void
test_add_change_remove(void **out)
{
    struct state *state = *out;

    begin(state);
    check_all(state, state->offers.fixture.write); // none
    put(state, 5, 10);
    check_all(state, state->offers.fixture.write);
    put(state, 4, 20); // before it
    put(state, 6, 30); // behind it
    check_all(state, state->offers.fixture.write);
    put(state, 5, 300); // longer
    check_all(state, state->offers.fixture.write);
    put(state, 5, 1); // shorter
    check_all(state, state->offers.fixture.write);
    put(state, 5, 1); // the same
    check_all(state, state->offers.fixture.write);
    drop(state, 5);
    drop(state, 5); // it is gone
    check_all(state, state->offers.fixture.write);
    put(state, 0, 5); // the first and the last of a chunk, and the first of the next
    put(state, CARD_CHUNK - 1, 6);
    put(state, CARD_CHUNK, 7);
    check_all(state, state->offers.fixture.write);
    commit(state);
}

static void
test_chunk_without_cards_goes(void **out)
{
    struct state *state = *out;
    MDB_stat stat;

    begin(state);
    drop(state, CARD_CHUNK);
    for (uint64_t id = 0; id < CARD_CHUNK; id++)
        drop(state, id);
    check_all(state, state->offers.fixture.write);
    assert_int_equal(
        mdb_stat(state->offers.fixture.write->mdb, state->offers.fixture.store->dbi[TABLE_CARD], &stat), 0);
    assert_int_equal(stat.ms_entries, 0);
    commit(state);
}

static void
test_anything(void **out)
{
    struct state *state = *out;

    for (int round = 0; round < 60; round++) {
        begin(state);
        for (int i = 0; i < 40; i++) {
            uint64_t id = offers_below(IDS);

            if (offers_one_in(4))
                drop(state, id);
            else
                put(state, id, 1 + offers_below(offers_one_in(3) ? TITLE : 40));
        }
        check_all(state, state->offers.fixture.write);
        commit(state);
        assert_int_equal(txn_begin(state->offers.fixture.read), 0);
        assert_int_equal(txn_catalog(state->offers.fixture.read, &state->catalog), 0);
        check_all(state, state->offers.fixture.read);
        txn_end(state->offers.fixture.read);
    }
}

// A chunk whose ends are damaged is said to be so, and not looked at outside of its bytes.
static void
test_damaged_ends(void **out)
{
    struct state *state = *out;
    struct txn *txn = state->offers.fixture.write;
    struct key key = key_number(0);
    int corrupt = 0;

    for (unsigned number = 0; number < CARD_CHUNK; number++) {
        uint8_t *copy;
        MDB_val value;
        struct card card;

        begin(state);
        assert_int_equal(table_get(txn, TABLE_CARD, &key, &value), 0);
        copy = malloc(value.mv_size);
        assert_non_null(copy);
        memcpy(copy, value.mv_data, value.mv_size);
        copy[number * sizeof(uint32_t) + offers_below(4)] ^= (uint8_t)(1 + offers_below(255));
        assert_int_equal(table_put(txn, TABLE_CARD, &key, copy, value.mv_size, 0), 0);
        free(copy);
        for (uint64_t id = number; id <= number + 1 && id < CARD_CHUNK; id++)
            if (card_get(txn, id, &card) == STORE_FAULT_CORRUPT) {
                corrupt++;
                txn->fault = 0;
            }
        if (card_delete(txn, offers_below(CARD_CHUNK)) == STORE_FAULT_CORRUPT)
            corrupt++;
        txn_end(txn);
    }
    assert_in_range(corrupt, CARD_CHUNK, 3 * CARD_CHUNK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_change_remove),
        cmocka_unit_test(test_chunk_without_cards_goes),
        cmocka_unit_test(test_anything),
        cmocka_unit_test(test_damaged_ends),
    };

    return cmocka_run_group_tests_name("card", tests, setup, teardown);
}
