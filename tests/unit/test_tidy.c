// SPDX-License-Identifier: Apache-2.0
// Tidying the index: small blocks move into full ones, a bounded step at a time, until nothing is loose; no
// answer and no digest is another one for it, and the store goes on as before.
#include "match/search.h"
#include "tests/unit/blocks_fixture.h"
#include "tests/unit/queries_fixture.h"
#include <xxhash.h>

#define QUERIES  200u
#define CROWD    (BLOCK_SLOTS * 3)
#define REMOTE   90u // in a full block and a small one
#define WORTH    16u // offers of a small block that are moved
#define STEPS    100 // more than are ever needed
#define PER_STEP 8u  // blocks of one step

static int
setup(void **state)
{
    return offers_setup(state, 61);
}

static void
add(struct offers *offers, unsigned count, bool remote)
{
    assert_int_equal(txn_begin(offers->fixture.write), 0);
    for (unsigned i = 0; i < count; i++) {
        struct geo_point place = {offers_center.lat_e6 + (int32_t)offers_below(900000),
                                  offers_center.lon_e6 + (int32_t)offers_below(900000)};
        Kansen__V1__Offer offer = offers_make(offers, place);

        offer.remote = remote;
        offers_put(offers, offer);
    }
    assert_int_equal(txn_commit(offers->fixture.write), 0);
}

// ---- Answers

static void
take_rank(XXH3_state_t *hash, const struct rank *rank)
{
    for (size_t i = 0; i < rank->n; i++) {
        const struct ranked *at = &rank->best[i];
        uint64_t told[] = {
            at->offer_id,   at->score,
            at->interest,   at->proximity,
            at->transition, at->distance_m,
            at->remote,     seats_free(at->seats, seats_width(at->small), at->all_seats, at->slot)};

        XXH3_64bits_update(hash, told, sizeof told);
    }
}

static void
take_answer(struct offers *offers, struct arena *arena, const Kansen__V1__Query *wire, XXH3_state_t *hash)
{
    struct search search = {.txn = offers->fixture.read, .arena = arena};
    const struct catalog *catalog;
    struct fault fault;
    struct query query;
    uint64_t counts[3];

    assert_int_equal(txn_catalog(search.txn, &catalog), 0);
    assert_int_equal(query_resolve(search.txn, catalog, wire, OFFERS_TODAY, arena, &query, &fault), 0);
    search.query = &query;
    assert_int_equal(search_run(&search), 0);
    take_rank(hash, &search.matches);
    take_rank(hash, &search.discoveries);
    counts[0] = search.matches.n;
    counts[1] = search.follows;
    counts[2] = search.total;
    XXH3_64bits_update(hash, counts, sizeof counts);
}

// A digest of the answers to some queries, which are the same each time.
static uint64_t
answers(struct offers *offers)
{
    struct arena *arena = arena_new(64 << 20);
    XXH3_state_t *hash = XXH3_createState();
    struct rows none = {0};
    uint64_t digest;

    assert_non_null(arena);
    assert_non_null(hash);
    XXH3_64bits_reset(hash);
    srandom(62);
    assert_int_equal(txn_begin(offers->fixture.read), 0);
    for (unsigned i = 0; i < QUERIES; i++) {
        Kansen__V1__Query wire = queries_random(offers, &none);

        take_answer(offers, arena, &wire, hash);
        arena_reset(arena);
        arena_reset(offers->fixture.arena);
    }
    txn_end(offers->fixture.read);
    digest = XXH3_64bits_digest(hash);
    XXH3_freeState(hash);
    arena_free(arena);
    return digest;
}

// ---- Tidying

static bool
is_loose(struct offers *offers)
{
    bool loose;

    assert_int_equal(txn_begin(offers->fixture.read), 0);
    assert_int_equal(index_is_loose(offers->fixture.read, &loose), 0);
    txn_end(offers->fixture.read);
    return loose;
}

// Small blocks that are worth moving, and all of them.
static size_t
count_loose(struct offers *offers, size_t *small)
{
    struct txn *txn = offers->fixture.read;
    MDB_cursor *cursor;
    MDB_val key, body;
    size_t n = 0;

    *small = 0;
    assert_int_equal(txn_begin(txn), 0);
    assert_int_equal(mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_BLOCK_BODY], &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &body, MDB_NEXT) == 0) {
        if (*(const uint8_t *)key.mv_data != KEY_BLOCK_SMALL)
            continue;
        ++*small;
        n += block_open(body.mv_data).header->used >= WORTH;
    }
    mdb_cursor_close(cursor);
    txn_end(txn);
    return n;
}

static size_t
count_full(struct offers *offers)
{
    size_t full;

    assert_int_equal(txn_begin(offers->fixture.read), 0);
    full = blocks_count(offers->fixture.read).full;
    txn_end(offers->fixture.read);
    return full;
}

// Tidies until nothing is loose; each step does what it can.
static void
tidy(struct offers *offers)
{
    size_t small, loose = count_loose(offers, &small), kept = small - loose;

    for (int step = 0; loose != 0; step++) {
        size_t before = loose;

        assert_in_range(step, 0, STEPS);
        assert_true(is_loose(offers));
        assert_int_equal(txn_begin(offers->fixture.write), 0);
        assert_int_equal(index_tidy(offers->fixture.write), 0);
        assert_int_equal(txn_commit(offers->fixture.write), 0);
        loose = count_loose(offers, &small);
        assert_int_equal(loose, before < PER_STEP ? 0 : before - PER_STEP);
        assert_int_equal(small - loose, kept);
    }
    assert_false(is_loose(offers));
}

// Tidies, and nothing that can be seen from outside is another.
static void
check_tidy(struct offers *offers)
{
    uint64_t before = answers(offers);
    char report[512], later[512];
    struct blocks blocks = blocks_verify(offers), after;

    assert_int_equal(blocks_check_offline(&offers->fixture, report, sizeof report), 0);
    tidy(offers);
    assert_true(answers(offers) == before);
    assert_int_equal(blocks_check_offline(&offers->fixture, later, sizeof later), 0);
    assert_string_equal(later, report); // with the digest and the journal's end
    after = blocks_verify(offers);
    assert_int_equal(after.slots, blocks.slots);
    assert_true(after.small <= blocks.small);
}

// ---- Tests, each on what the ones before have left

static void
test_nothing_is_loose(void **state)
{
    struct offers *offers = *state;

    assert_false(is_loose(offers));
    check_tidy(offers); // an empty store
    add(offers, WORTH - 1, false);
    assert_false(is_loose(offers));
    check_tidy(offers);
    assert_int_equal(blocks_verify(offers).small, 1);
}

static void
test_first_full_block(void **state)
{
    struct offers *offers = *state;
    struct blocks blocks;

    add(offers, 1, false);
    assert_true(is_loose(offers));
    check_tidy(offers);
    blocks = blocks_verify(offers);
    assert_int_equal(blocks.small, 0);
    assert_int_equal(blocks.full, 1);
}

static void
test_many_blocks(void **state)
{
    struct offers *offers = *state;
    size_t small, loose;

    add(offers, CROWD, false);
    add(offers, REMOTE, true);
    loose = count_loose(offers, &small);
    assert_in_range(loose, 3, small);
    check_tidy(offers);
    assert_true(count_full(offers) > 2);
}

// A full block that has no room is cut in two.
static void
test_full_block_is_cut(void **state)
{
    struct offers *offers = *state;
    size_t full = count_full(offers);

    for (int round = 0; round < 30 && count_full(offers) == full; round++) {
        add(offers, 500, false);
        tidy(offers);
    }
    check_tidy(offers);
    assert_true(count_full(offers) > full);
}

// Offers that were moved are found where they are now: they can be replaced, and go.
static void
test_store_goes_on(void **state)
{
    struct offers *offers = *state;
    unsigned named = offers->named;

    assert_int_equal(txn_begin(offers->fixture.write), 0);
    for (uint64_t id = 1; id <= named; id += 3) {
        Kansen__V1__RemoveOffer removal = KANSEN__V1__REMOVE_OFFER__INIT;

        removal.id = id;
        if (id % 2 == 0) {
            assert_null(fixture_apply(&offers->fixture, WRITE(REMOVE_OFFER, remove_offer, &removal)).status);
        } else {
            offers->named = (unsigned)id - 1; // gets the name of that offer
            assert_int_equal(offers_put(offers, offers_random(offers)), id);
        }
        arena_reset(offers->fixture.arena);
    }
    assert_int_equal(txn_commit(offers->fixture.write), 0);
    offers->named = named;
    blocks_verify(offers);
    check_tidy(offers);
}

// A step that does not count has never been.
static void
test_dropped_step(void **state)
{
    struct offers *offers = *state;
    uint64_t before;

    add(offers, CROWD / 10, false);
    before = answers(offers);
    assert_true(is_loose(offers));
    assert_int_equal(txn_begin(offers->fixture.write), 0);
    assert_int_equal(index_tidy(offers->fixture.write), 0);
    txn_end(offers->fixture.write);
    assert_true(is_loose(offers));
    assert_true(answers(offers) == before);
    check_tidy(offers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_loose), cmocka_unit_test(test_first_full_block),
        cmocka_unit_test(test_many_blocks),      cmocka_unit_test(test_full_block_is_cut),
        cmocka_unit_test(test_store_goes_on),    cmocka_unit_test(test_dropped_step),
    };

    return cmocka_run_group_tests_name("tidy", tests, setup, offers_teardown);
}
