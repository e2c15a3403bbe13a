// SPDX-License-Identifier: Apache-2.0
// The offline check on blocks that were damaged by hand: each damage is found and named, and whatever byte is
// another one, the check ends on its own.
#include "tests/unit/values_fixture.h"

#define OFFERS  300u
#define REMOVED 7u // every so many offers are removed again

static int
setup(void **state)
{
    struct offers *offers = calloc(1, sizeof *offers);
    char report[512];

    offers_start(offers);
    srandom(41);
    offers_fill(offers, OFFERS);
    assert_int_equal(txn_begin(offers->fixture.write), 0);
    for (uint64_t id = 1; id <= OFFERS; id += REMOVED) {
        Kansen__V1__RemoveOffer removal = KANSEN__V1__REMOVE_OFFER__INIT;

        removal.id = id;
        assert_null(fixture_apply(&offers->fixture, WRITE(REMOVE_OFFER, remove_offer, &removal)).status);
    }
    assert_int_equal(txn_commit(offers->fixture.write), 0);
    assert_int_equal(blocks_check_offline(&offers->fixture, report, sizeof report), 0);
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

// Puts what was altered, checks, and puts the good one again.
static int
check_altered(struct fixture *fixture, const struct value *good, const struct value *altered,
              char report[4096])
{
    int rc;

    put(fixture, altered);
    rc = blocks_check_offline(fixture, report, 4096);
    put(fixture, good);
    return rc;
}

// ---- Damages. The bytes of a body are looked at as a block, and written to.

#define BLOCK(value) block_open((value)->bytes)

static struct block_header *
header(struct value *value)
{
    return (struct block_header *)(void *)value->bytes;
}

static void
flip(struct value *value, const void *byte, size_t bit)
{
    value->bytes[(const uint8_t *)byte - value->bytes + (ptrdiff_t)(bit / 8)] ^= (uint8_t)(1u << bit % 8);
}

static void
body_bit(struct value *value)
{
    flip(value, BLOCK(value).columns, 1);
}

static void
body_unused_bit(struct value *value)
{
    flip(value, BLOCK(value).columns, header(value)->used);
}

static void
body_offer(struct value *value)
{
    flip(value, &BLOCK(value).slots[1].offer, 40);
}

static void
body_partner(struct value *value)
{
    flip(value, &BLOCK(value).partners[1], 1);
}

static void
body_place(struct value *value)
{
    flip(value, &BLOCK(value).slots[1].point.lat_e6, 0);
}

static void
body_cost(struct value *value)
{
    flip(value, value->bytes + header(value)->at_fields[BLOCK_COST] + sizeof(int32_t), 0);
}

static void
body_least(struct value *value)
{
    header(value)->least[BLOCK_COST]--;
}

static void
body_most(struct value *value)
{
    header(value)->most[BLOCK_END]--;
}

static void
body_order(struct value *value)
{
    uint32_t *ids = (uint32_t *)(void *)(value->bytes + header(value)->at_ids), first = ids[0];

    ids[0] = ids[1];
    ids[1] = first;
}

static void
body_places(struct value *value)
{
    uint16_t *places = (uint16_t *)(void *)(value->bytes + header(value)->at_places), first = places[0];

    places[0] = places[1];
    places[1] = first;
}

static void
body_place_twice(struct value *value)
{
    uint16_t *places = (uint16_t *)(void *)(value->bytes + header(value)->at_places);

    places[0] = places[1];
}

static void
body_place_outside(struct value *value)
{
    uint16_t *places = (uint16_t *)(void *)(value->bytes + header(value)->at_places);

    places[0] = header(value)->first[BLOCK_CLASSES];
}

static void
body_ranks(struct value *value)
{
    flip(value, &BLOCK(value).ranks[0].bits, 63);
}

static void
body_ranks_before(struct value *value)
{
    flip(value, &BLOCK(value).ranks[0].before, 40);
}

static void
body_box(struct value *value)
{
    flip(value, &BLOCK(value).boxes[1].lon_max_e6, 3);
}

static void
body_at_slots(struct value *value)
{
    header(value)->at_slots += 16;
}

static void
body_size(struct value *value)
{
    header(value)->size += 4096;
}

static void
body_used(struct value *value)
{
    header(value)->used--;
}

static void
body_none_used(struct value *value)
{
    header(value)->used = 0;
}

static void
body_too_many_used(struct value *value)
{
    header(value)->used = (uint16_t)(header(value)->words * 64 + 1);
}

static void
body_words(struct value *value)
{
    header(value)->words++;
}

static void
body_classes(struct value *value)
{
    header(value)->first[BLOCK_LEVEL] = UINT16_MAX;
}

static void
body_short(struct value *value)
{
    value->size -= 4096;
}

static void
body_no_header(struct value *value)
{
    value->size = sizeof(struct block_header) - 1;
}

static void
gone(struct value *value)
{
    value->gone = true;
}

// The first slot that stands for an offer, or that was given up.
static size_t
first_slot(const struct value *seats, bool present)
{
    size_t slot = 0;

    while (block_bit(seats->bytes, slot) != present)
        slot++;
    return slot;
}

static void
seats_present_lost(struct value *value)
{
    flip(value, value->bytes, first_slot(value, true));
}

static void
seats_present_again(struct value *value)
{
    flip(value, value->bytes, first_slot(value, false));
}

static void
seats_general(struct value *value)
{
    flip(value, value->bytes + SEATS_GENERAL * BLOCK_GROUP_BYTES, first_slot(value, true));
}

static void
seats_referred(struct value *value)
{
    flip(value, value->bytes + SEATS_REFERRED * BLOCK_GROUP_BYTES, first_slot(value, true));
}

static void
seats_of_nobody(struct value *value)
{
    flip(value, value->bytes + SEATS_GENERAL * BLOCK_GROUP_BYTES, first_slot(value, false));
}

static void
seats_unused(struct value *value)
{
    value->bytes[BLOCK_GROUP_BYTES - 1] ^= 0x80;
}

static void
seats_free_number(struct value *value)
{
    flip(value, value->bytes + seats_free_at(BLOCK_GROUP_BYTES, true, first_slot(value, true)), 2);
}

static void
seats_free_of_nobody(struct value *value)
{
    flip(value, value->bytes + seats_free_at(BLOCK_GROUP_BYTES, false, first_slot(value, false)), 2);
}

static void
seats_short(struct value *value)
{
    value->size -= 3;
}

static void
head_smaller(struct value *value)
{
    struct block_box box;

    memcpy(&box, value->bytes, sizeof box);
    box.lat_min_e6++;
    memcpy(value->bytes, &box, sizeof box);
}

static void
head_larger(struct value *value)
{
    struct block_box box;

    memcpy(&box, value->bytes, sizeof box);
    box.lon_max_e6++;
    memcpy(value->bytes, &box, sizeof box);
}

static void
head_longer(struct value *value)
{
    memcpy(value->bytes + value->size, value->bytes, sizeof(struct block_box));
    value->size += sizeof(struct block_box);
}

static const struct {
    enum table table;
    void (*damage)(struct value *value);
    const char *told;
} damages[] = {
    {TABLE_BLOCK_BODY, body_bit, "its block does not say what its row says"},
    {TABLE_BLOCK_BODY, body_unused_bit, "a column has bits of slots that are not used"},
    {TABLE_BLOCK_BODY, body_offer, "which is gone"},
    {TABLE_BLOCK_BODY, body_partner, "its block does not say what its row says"},
    {TABLE_BLOCK_BODY, body_place, "its block does not say what its row says"},
    {TABLE_BLOCK_BODY, body_cost, "its block does not say what its row says"},
    {TABLE_BLOCK_BODY, body_least, "its least and most are not those of its slots"},
    {TABLE_BLOCK_BODY, body_most, "its least and most are not those of its slots"},
    {TABLE_BLOCK_BODY, body_order, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_places, "its block does not say what its row says"},
    {TABLE_BLOCK_BODY, body_place_twice, "two of its columns lie in one place"},
    {TABLE_BLOCK_BODY, body_place_outside, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_ranks, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_ranks_before, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_box, "its small boxes are not those of its slots"},
    {TABLE_BLOCK_BODY, body_at_slots, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_size, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_used, "a column has bits of slots that are not used"},
    {TABLE_BLOCK_BODY, body_none_used, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_too_many_used, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_words, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_classes, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_short, "its bytes are no block"},
    {TABLE_BLOCK_BODY, body_no_header, "its bytes are no block"},
    {TABLE_BLOCK_BODY, gone, "its block does not say what its row says"},
    {TABLE_BLOCK_SEATS, seats_present_lost, "slots stand for offers, but there are"},
    {TABLE_BLOCK_SEATS, seats_present_again, "which is gone"},
    {TABLE_BLOCK_SEATS, seats_general, "its block does not say what its row says"},
    {TABLE_BLOCK_SEATS, seats_referred, "its block does not say what its row says"},
    {TABLE_BLOCK_SEATS, seats_of_nobody, "its seats are not those of its slots"},
    {TABLE_BLOCK_SEATS, seats_free_number, "its block does not say what its row says"},
    {TABLE_BLOCK_SEATS, seats_free_of_nobody, "its seats are not those of its slots"},
    {TABLE_BLOCK_SEATS, seats_unused, "its seats are not those of its slots"},
    {TABLE_BLOCK_SEATS, seats_short, "its seats are not those of its slots"},
    {TABLE_BLOCK_SEATS, gone, "its seats are not those of its slots"},
    {TABLE_BLOCK_HEAD, head_smaller, "its boxes are not those of its slots"},
    {TABLE_BLOCK_HEAD, head_larger, "its boxes are not those of its slots"},
    {TABLE_BLOCK_HEAD, head_longer, "its boxes are not those of its slots"},
    {TABLE_BLOCK_HEAD, gone, "its boxes are not those of its slots"},
};

// ---- Tests

static void
test_damage_is_named(void **state)
{
    struct fixture *fixture = &((struct offers *)*state)->fixture;
    char report[4096];

    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct value good = take(fixture, damages[i].table, KEY_BLOCK_FULL), altered = copy_of(&good);
        int rc;

        damages[i].damage(&altered);
        rc = check_altered(fixture, &good, &altered, report);
        if (rc != 1 || strstr(report, damages[i].told) == NULL)
            fail_msg("damage %zu: %d, not \"%s\" but %s", i, rc, damages[i].told, report);
        free(good.bytes);
        free(altered.bytes);
    }
    assert_int_equal(blocks_check_offline(fixture, report, sizeof report), 0);
}

static void
test_block_that_stands_twice(void **state)
{
    static const enum table tables[] = {TABLE_BLOCK_BODY, TABLE_BLOCK_HEAD, TABLE_BLOCK_SEATS};
    struct fixture *fixture = &((struct offers *)*state)->fixture;
    char report[4096];

    for (size_t i = 0; i < 3; i++) {
        struct value twin = take(fixture, tables[i], KEY_BLOCK_SMALL);

        twin.key.bytes[KEY_BLOCK_PREFIX + 15] ^= 1; // of the offer
        put(fixture, &twin);
        free(twin.bytes);
    }
    assert_int_equal(blocks_check_offline(fixture, report, sizeof report), 1);
    assert_non_null(strstr(report, "slots stand for offers, but there are"));
    for (size_t i = 0; i < 3; i++) {
        struct value twin = take(fixture, tables[i], KEY_BLOCK_SMALL);

        twin.key.bytes[KEY_BLOCK_PREFIX + 15] ^= 1; // of the offer
        twin.gone = true;
        put(fixture, &twin);
        free(twin.bytes);
    }
    assert_int_equal(blocks_check_offline(fixture, report, sizeof report), 0);
}

// Any bit of a head or of seats counts; of a body those that belong to an offer, or to the shape.
static void
test_any_bit(void **state)
{
    static const enum table tables[] = {TABLE_BLOCK_HEAD, TABLE_BLOCK_SEATS, TABLE_BLOCK_BODY,
                                        TABLE_BLOCK_BODY};
    struct fixture *fixture = &((struct offers *)*state)->fixture;
    char report[4096];
    int found = 0;

    for (int round = 0; round < 400; round++) {
        enum table table = tables[round % 4];
        struct value good = take(fixture, table, round % 8 < 4 ? KEY_BLOCK_SMALL : KEY_BLOCK_FULL);
        struct value altered = copy_of(&good);
        size_t bits =
            round % 16 == 2 ? sizeof(struct block_header) * 8 : good.size * 8; // the header more often
        int rc;

        flip(&altered, altered.bytes, offers_below((unsigned)bits));
        rc = check_altered(fixture, &good, &altered, report);
        assert_in_range(rc, table == TABLE_BLOCK_BODY ? 0 : 1, 1);
        found += table == TABLE_BLOCK_BODY && rc == 1;
        free(good.bytes);
        free(altered.bytes);
    }
    assert_in_range(found, 20, 200);
    assert_int_equal(blocks_check_offline(fixture, report, sizeof report), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage_is_named),
        cmocka_unit_test(test_block_that_stands_twice),
        cmocka_unit_test(test_any_bit),
    };

    return cmocka_run_group_tests_name("check_blocks", tests, setup, teardown);
}
