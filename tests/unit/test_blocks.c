// SPDX-License-Identifier: Apache-2.0
// The blocks of a store through its life: small ones spill, full ones are cut in two, offers move, stop, fill
// up and go. After each phase every offer has one slot, with the bits of its row, in a box that holds it, and
// the offline check says that all is well.
#include "tests/unit/blocks_fixture.h"
#include "work/lifecycle.h"

#define CROWD    (BLOCK_SLOTS * 5 / 2)
#define ONE_SPOT (BLOCK_SLOTS * 5 / 4)
#define REMOTE   700u

static int
setup(void **state)
{
    struct offers *offers = calloc(1, sizeof *offers);

    offers_start(offers);
    srandom(31);
    *state = offers;
    return 0;
}

static int
teardown(void **state)
{
    struct offers *offers = *state;

    fixture_end(&offers->fixture);
    free(offers);
    return 0;
}

// ---- What offers do

// A place within a few kilometres.
static struct geo_point
nearby(void)
{
    return (struct geo_point){offers_center.lat_e6 + (int32_t)offers_below(50000),
                              offers_center.lon_e6 + (int32_t)offers_below(50000)};
}

static void
begin(struct offers *offers)
{
    assert_int_equal(txn_begin(offers->fixture.write), 0);
}

static void
commit(struct offers *offers)
{
    assert_int_equal(txn_commit(offers->fixture.write), 0);
}

// Applies a write in the open transaction; it must be taken.
static void
apply_write(struct offers *offers, Kansen__V1__Write write)
{
    assert_null(fixture_apply(&offers->fixture, write).status);
    arena_reset(offers->fixture.arena);
}

// Replaces every n-th offer of those in first..last by another one; place tells where it lies.
static void
replace(struct offers *offers, unsigned first, unsigned last, unsigned n, struct geo_point (*place)(void),
        bool remote)
{
    unsigned named = offers->named;

    begin(offers);
    for (unsigned number = first; number <= last; number += n) {
        Kansen__V1__Offer offer;
        struct offer_row row;

        offers->named = number - 1; // so that it gets the name of that offer
        assert_int_equal(offer_row_get(offers->fixture.write, number, &row), 0);
        offer = offers_make(offers, place());
        offer.remote = remote;
        offer.seats += 6; // not below those taken
        if (row.seats_taken != 0)
            offer.partner_id = row.partner_id; // placements stay where they are
        assert_int_equal(offers_put(offers, offer), number);
    }
    commit(offers);
    offers->named = named;
}

static void
add(struct offers *offers, unsigned count, struct geo_point (*place)(void), bool remote)
{
    begin(offers);
    for (unsigned i = 0; i < count; i++) {
        Kansen__V1__Offer offer = offers_make(offers, place());

        offer.remote = remote;
        offers_put(offers, offer);
    }
    commit(offers);
}

static void
set_status(struct offers *offers, uint64_t id, Kansen__V1__OfferStatus status)
{
    Kansen__V1__SetOfferStatus set = KANSEN__V1__SET_OFFER_STATUS__INIT;

    set.id = id;
    set.status = status;
    apply_write(offers, WRITE(SET_OFFER_STATUS, set_offer_status, &set));
}

static void
set_partner_status(struct offers *offers, uint64_t id, Kansen__V1__PartnerStatus status)
{
    Kansen__V1__SetPartnerStatus set = KANSEN__V1__SET_PARTNER_STATUS__INIT;

    set.id = id;
    set.status = status;
    apply_write(offers, WRITE(SET_PARTNER_STATUS, set_partner_status, &set));
}

static void
remove_offer(struct offers *offers, uint64_t id)
{
    Kansen__V1__RemoveOffer removal = KANSEN__V1__REMOVE_OFFER__INIT;

    removal.id = id;
    apply_write(offers, WRITE(REMOVE_OFFER, remove_offer, &removal));
}

// Takes a seat of an offer for a student of its own, where one is free.
static void
take_seat(struct offers *offers, uint64_t id, bool referred)
{
    Kansen__V1__ReservePlacement reserve = KANSEN__V1__RESERVE_PLACEMENT__INIT;
    Kansen__V1__Write write = WRITE(RESERVE_PLACEMENT, reserve_placement, &reserve);
    struct command_secrets secrets = {.has_student = true};
    struct command command = {.time_us = OFFERS_TODAY * INT64_C(86400000000) + ++offers->fixture.time_us,
                              .actor = "test",
                              .client = "school",
                              .movers = MOVER_PORTAL,
                              .secrets = &secrets,
                              .write = &write};
    Kansen__V1__WriteResult result;

    reserve.offer_id = id;
    reserve.referred = referred;
    reserve.student = (char *)"student";
    memcpy(secrets.student_hash, &command.time_us, sizeof command.time_us);
    memcpy(secrets.random, &command.time_us, sizeof command.time_us);
    assert_int_equal(apply(offers->fixture.write, &command, offers->fixture.arena, &result), 0);
    if (result.status != NULL)
        assert_int_equal(result.status->code, CODE_FAILED_PRECONDITION); // none is free
    arena_reset(offers->fixture.arena);
}

static struct geo_point
at_center(void)
{
    return offers_center;
}

// ---- Phases, each on what the ones before have left

static void
test_crowd_spills_and_is_cut(void **state)
{
    struct offers *offers = *state;
    struct blocks blocks;

    assert_int_equal(blocks_verify(offers).slots, 0);
    add(offers, 1, nearby, false);
    blocks = blocks_verify(offers);
    assert_int_equal(blocks.small, 1);
    assert_int_equal(blocks.full, 0);
    add(offers, 63, nearby, false);
    assert_int_equal(blocks_verify(offers).full, 0);
    add(offers, 1, nearby, false); // the small block is full
    blocks = blocks_verify(offers);
    assert_int_equal(blocks.full, 1);
    assert_int_equal(blocks.small, 1);
    add(offers, CROWD - 65, nearby, false);
    blocks = blocks_verify(offers);
    assert_int_equal(blocks.slots, CROWD);
    assert_in_range(blocks.full, 3, 8);
    assert_in_range(blocks.small, 1, blocks.full);
}

static void
test_one_spot(void **state)
{
    struct offers *offers = *state;
    size_t full = blocks_verify(offers).full;
    struct blocks blocks;

    add(offers, ONE_SPOT, at_center, false);
    blocks = blocks_verify(offers);
    assert_int_equal(blocks.slots, CROWD + ONE_SPOT);
    assert_true(blocks.full > full); // one block can not hold them
}

static void
test_remote(void **state)
{
    struct offers *offers = *state;
    struct blocks blocks;

    assert_int_equal(blocks_verify(offers).remote, 0);
    add(offers, REMOTE, nearby, true);
    blocks = blocks_verify(offers);
    assert_int_equal(blocks.slots, CROWD + ONE_SPOT + REMOTE);
    assert_int_equal(blocks.remote, 2); // a full one and the small one beside it
}

static void
test_updates_move_offers(void **state)
{
    struct offers *offers = *state;

    replace(offers, 1, CROWD, 3, nearby, false);
    blocks_verify(offers);
    replace(offers, 2, CROWD, 7, offers_place, false);
    blocks_verify(offers);
    replace(offers, CROWD + 1, CROWD + ONE_SPOT, 2, nearby, false); // away from the one spot
    replace(offers, 3, CROWD, 20, at_center, false);
    blocks_verify(offers);
    replace(offers, 4, CROWD, 20, nearby, true);
    replace(offers, CROWD + ONE_SPOT + 1, CROWD + ONE_SPOT + REMOTE, 2, nearby, false);
    assert_int_equal(blocks_verify(offers).slots, CROWD + ONE_SPOT + REMOTE);
}

static void
test_updates_on_the_spot(void **state)
{
    struct offers *offers = *state;

    for (int round = 0; round < 5; round++)
        replace(offers, CROWD + 2, CROWD + ONE_SPOT, 2, at_center, false);
    assert_int_equal(blocks_verify(offers).slots, CROWD + ONE_SPOT + REMOTE);
}

static void
test_pauses(void **state)
{
    struct offers *offers = *state;

    begin(offers);
    for (uint64_t id = 1; id <= offers->named; id += 5)
        set_status(offers, id, KANSEN__V1__OFFER_STATUS__OFFER_STATUS_PAUSED);
    set_partner_status(offers, offers->partners[3], KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_SUSPENDED);
    set_partner_status(offers, offers->partners[10], KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_ACTIVE);
    commit(offers);
    blocks_verify(offers);
    begin(offers);
    for (uint64_t id = 1; id <= offers->named; id += 10)
        set_status(offers, id, KANSEN__V1__OFFER_STATUS__OFFER_STATUS_OPEN);
    set_partner_status(offers, offers->partners[3], KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_ACTIVE);
    commit(offers);
    assert_int_equal(blocks_verify(offers).slots, CROWD + ONE_SPOT + REMOTE);
}

static unsigned
count_taken(struct offers *offers)
{
    struct offer_row row = {.offer_id = 0};
    unsigned taken = 0;

    assert_int_equal(txn_begin(offers->fixture.read), 0);
    while (offer_row_next(offers->fixture.read, row.offer_id, &row) == 0)
        taken += row.seats_taken;
    txn_end(offers->fixture.read);
    return taken;
}

static void
test_seats_are_taken(void **state)
{
    struct offers *offers = *state;

    for (int round = 0; round < 6; round++) {
        begin(offers);
        for (uint64_t id = 2; id <= offers->named; id += 9)
            take_seat(offers, id, round % 2 == 0);
        commit(offers);
        blocks_verify(offers);
    }
    assert_in_range(count_taken(offers), CROWD / 10, CROWD);
    replace(offers, 2, CROWD, 27, nearby, false);
    blocks_verify(offers);
    assert_in_range(count_taken(offers), CROWD / 10, CROWD);
}

// A region that moves brings the offers along that name it.
static void
test_regions_move(void **state)
{
    struct offers *offers = *state;

    begin(offers);
    for (unsigned i = 0; i < 300; i++) {
        Kansen__V1__Offer offer = offers_make(offers, nearby());

        offer.position = NULL;
        offer.region = offers_municipalities[i % 2];
        offers_put(offers, offer);
    }
    commit(offers);
    blocks_verify(offers);
    fixture_region(&offers->fixture, "GM0503", REGION(MUNICIPALITY), "PV28",
                   (struct geo_point){52100000, 4355560}, "");
    assert_int_equal(blocks_verify(offers).slots, CROWD + ONE_SPOT + REMOTE + 300);
}

static void
remove_every(struct offers *offers, unsigned n)
{
    struct offer_row row = {.offer_id = 0};
    unsigned at = 0;

    begin(offers);
    while (offer_row_next(offers->fixture.write, row.offer_id, &row) == 0)
        if (row.seats_taken == 0 && at++ % n == 0)
            remove_offer(offers, row.offer_id);
    commit(offers);
}

static void
test_removals(void **state)
{
    struct offers *offers = *state;
    size_t before = blocks_verify(offers).slots;
    struct blocks blocks;

    remove_every(offers, 2);
    blocks = blocks_verify(offers);
    assert_true(blocks.slots < before * 2 / 3);
    add(offers, 1000, nearby, false); // into blocks with slots that were given up
    assert_int_equal(blocks_verify(offers).slots, blocks.slots + 1000);
    remove_every(offers, 1);
    blocks = blocks_verify(offers);
    assert_true(blocks.slots < before / 8); // those with seats taken
    add(offers, 3000, nearby, false);
    assert_int_equal(blocks_verify(offers).slots, blocks.slots + 3000);
}

// Offers that are changed in the transaction that puts them.
static void
test_changed_at_once(void **state)
{
    struct offers *offers = *state;
    size_t before = blocks_verify(offers).slots;
    uint64_t ids[120];

    begin(offers);
    for (unsigned i = 0; i < 120; i++) {
        Kansen__V1__Offer offer = offers_make(offers, nearby());

        offer.remote = i % 7 == 0;
        ids[i] = offers_put(offers, offer);
    }
    for (unsigned i = 0; i < 120; i++) {
        if (i % 3 == 0)
            take_seat(offers, ids[i], i % 2 == 0);
        else if (i % 4 == 0)
            set_status(offers, ids[i], KANSEN__V1__OFFER_STATUS__OFFER_STATUS_PAUSED);
        else if (i % 5 == 0)
            remove_offer(offers, ids[i]);
    }
    for (unsigned i = 0; i < 120; i += 11) { // moves those that are left
        offers->named = (unsigned)ids[i] - 1;
        if (i % 3 != 0 && (i % 4 == 0 || i % 5 != 0))
            assert_int_equal(offers_put(offers, offers_make(offers, offers_place())), ids[i]);
    }
    offers->named = (unsigned)ids[119];
    commit(offers);
    assert_int_equal(blocks_verify(offers).slots, before + 120 - 12);
}

// What was done in a transaction that does not count has never been.
static void
test_dropped_transaction(void **state)
{
    struct offers *offers = *state;
    struct blocks before = blocks_verify(offers), after;

    begin(offers);
    for (unsigned i = 0; i < 200; i++)
        offers_put(offers, offers_make(offers, nearby()));
    txn_end(offers->fixture.write);
    after = blocks_verify(offers);
    assert_memory_equal(&before, &after, sizeof after);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crowd_spills_and_is_cut),
        cmocka_unit_test(test_one_spot),
        cmocka_unit_test(test_remote),
        cmocka_unit_test(test_updates_move_offers),
        cmocka_unit_test(test_updates_on_the_spot),
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_seats_are_taken),
        cmocka_unit_test(test_regions_move),
        cmocka_unit_test(test_removals),
        cmocka_unit_test(test_changed_at_once),
        cmocka_unit_test(test_dropped_transaction),
    };

    return cmocka_run_group_tests_name("blocks", tests, setup, teardown);
}
