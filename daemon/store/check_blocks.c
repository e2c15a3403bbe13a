// SPDX-License-Identifier: Apache-2.0
// The part of the offline check that looks at the blocks of the index one by one: what lies in them and
// beside them, and that no slot stands for an offer that is gone. That every offer has its slot, blocks_check
// sees.
#include "store/block.h"
#include "store/card_write.h"
#include "store/check_state.h"
#include "store/offer_row.h"
#include "store/seats.h"
#include <inttypes.h>
#include <string.h>

#define NAME_MAX_LEN (2 * STORE_KEY_MAX + 1)

// A block while it is looked at.
struct looked {
    struct check *check;
    struct key key;
    char name[NAME_MAX_LEN]; // the key's bytes, for a person
    struct block block;
};

static void
set_name(struct looked *looked)
{
    for (size_t i = 0; i < looked->key.len; i++)
        snprintf(looked->name + 2 * i, 3, "%02x", looked->key.bytes[i]);
}

// ---- The body

// Whether each column has a place of its own.
static bool
has_places_once(const struct block *block)
{
    uint64_t seen[(UINT16_MAX + 1) / 64] = {0};

    for (size_t i = 0; i < block->header->first[BLOCK_CLASSES]; i++) {
        uint64_t bit = UINT64_C(1) << block->places[i] % 64;

        if ((seen[block->places[i] / 64] & bit) != 0)
            return false;
        seen[block->places[i] / 64] |= bit;
    }
    return true;
}

// Whether a column has no bit of a slot that was never used.
static bool
ends_with_used(const struct block *block, const uint8_t *column)
{
    for (size_t slot = block->header->used; slot < block->header->words * 64u; slot++)
        if (block_bit(column, slot))
            return false;
    return true;
}

static bool
has_columns_of_used(const struct block *block)
{
    for (size_t i = 0; i < block->header->first[BLOCK_CLASSES]; i++)
        if (!ends_with_used(block, block_column_at(block, i)))
            return false;
    return true;
}

// Whether the least and most of each field are those of its slots.
static bool
has_bounds_of_slots(const struct block *block)
{
    for (int field = 0; field < BLOCK_FIELDS; field++) {
        int32_t least = INT32_MAX, most = INT32_MIN;

        for (size_t slot = 0; slot < block->header->used; slot++) {
            int32_t value = block_field(block, field, slot);

            least = value < least ? value : least;
            most = value > most ? value : most;
        }
        if (least != block->header->least[field] || most != block->header->most[field])
            return false;
    }
    return true;
}

// Whether the box of each 64 slots is that of the slots.
static bool
has_boxes_of_slots(const struct block *block)
{
    for (size_t word = 0; word < block->header->words; word++) {
        struct block_box box = {INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN};

        for (size_t slot = word * 64; slot < (word + 1) * 64 && slot < block->header->used; slot++) {
            struct geo_point at = block->slots[slot].point;

            box.lat_min_e6 = at.lat_e6 < box.lat_min_e6 ? at.lat_e6 : box.lat_min_e6;
            box.lat_max_e6 = at.lat_e6 > box.lat_max_e6 ? at.lat_e6 : box.lat_max_e6;
            box.lon_min_e6 = at.lon_e6 < box.lon_min_e6 ? at.lon_e6 : box.lon_min_e6;
            box.lon_max_e6 = at.lon_e6 > box.lon_max_e6 ? at.lon_e6 : box.lon_max_e6;
        }
        if (memcmp(&box, &block->boxes[word], sizeof box) != 0)
            return false;
    }
    return true;
}

static void
check_body(struct looked *looked)
{
    if (!has_places_once(&looked->block))
        check_problem(looked->check, "block %s: two of its columns lie in one place", looked->name);
    if (!has_columns_of_used(&looked->block))
        check_problem(looked->check, "block %s: a column has bits of slots that are not used", looked->name);
    if (!has_bounds_of_slots(&looked->block))
        check_problem(looked->check, "block %s: its least and most are not those of its slots", looked->name);
    if (!has_boxes_of_slots(&looked->block))
        check_problem(looked->check, "block %s: its small boxes are not those of its slots", looked->name);
}

// ---- What lies beside it

static size_t
count_groups(const struct block *block)
{
    return (block->header->used + BLOCK_GROUP - 1) / BLOCK_GROUP;
}

static int
check_boxes(struct looked *looked)
{
    size_t groups = count_groups(&looked->block);
    MDB_val head;
    int rc = table_get(looked->check->txn, TABLE_BLOCK_HEAD, &looked->key, &head);
    bool good = rc == 0 && head.mv_size == groups * sizeof(struct block_box);

    if (rc < 0)
        return rc;
    for (size_t group = 0; group < groups && good; group++) {
        struct block_box box = block_group_box(&looked->block, group);

        good = memcmp(&box, (const uint8_t *)head.mv_data + group * sizeof box, sizeof box) == 0;
    }
    if (!good)
        check_problem(looked->check, "block %s: its boxes are not those of its slots", looked->name);
    return 0;
}

// Counts a slot that stands for an offer, which there must be.
static int
count_slot(struct looked *looked, size_t slot)
{
    uint64_t offer = looked->block.slots[slot].offer;
    struct key key = key_number(offer);
    MDB_val value;
    int rc = table_get(looked->check->txn, TABLE_OFFER_ROW, &key, &value);

    looked->check->slots++;
    if (rc == STORE_E_NOT_FOUND)
        check_problem(looked->check, "block %s: a slot stands for offer %" PRIu64 ", which is gone",
                      looked->name, offer);
    return rc < 0 ? rc : 0;
}

// Whether the seats of a group say nothing of slots that stand for nobody.
static bool
has_seats_of_offers(const uint8_t *seats, size_t width, size_t used)
{
    for (size_t slot = 0; slot < 8 * width; slot++) {
        bool present = block_bit(seats_column(seats, SEATS_PRESENT, width), slot);

        if (present && slot < used)
            continue;
        if (present || block_bit(seats_column(seats, SEATS_REFERRED, width), slot) ||
            block_bit(seats_column(seats, SEATS_GENERAL, width), slot) ||
            seats_free(seats, width, true, slot) != 0 || seats_free(seats, width, false, slot) != 0)
            return false;
    }
    return true;
}

static int
check_seats_of(struct looked *looked, size_t group)
{
    struct key key = key_group(&looked->key, (uint8_t)group);
    size_t width = seats_width(looked->block.header->words == 1), first = group * BLOCK_GROUP;
    size_t used =
        looked->block.header->used - first < BLOCK_GROUP ? looked->block.header->used - first : BLOCK_GROUP;
    MDB_val seats;
    int rc = table_get(looked->check->txn, TABLE_BLOCK_SEATS, &key, &seats);
    bool sized = rc == 0 && seats.mv_size == seats_size(width);

    if (rc < 0)
        return rc;
    if (!sized || !has_seats_of_offers(seats.mv_data, width, used))
        check_problem(looked->check, "block %s: its seats are not those of its slots", looked->name);
    rc = 0;
    for (size_t slot = 0; sized && slot < used && rc == 0; slot++)
        if (block_bit(seats_column(seats.mv_data, SEATS_PRESENT, width), slot))
            rc = count_slot(looked, first + slot);
    return rc;
}

int
check_block(struct check *check, const MDB_val *key, const MDB_val *value)
{
    struct looked looked = {.check = check};
    bool small;
    int rc;

    check->expected[TABLE_BLOCK_HEAD]++;
    if (key->mv_size <= KEY_BLOCK_PREFIX || key->mv_size >= STORE_KEY_MAX) {
        check_problem(check, "block: its key has %zu bytes", key->mv_size);
        return 0;
    }
    looked.key = key_bytes(key->mv_data, key->mv_size);
    set_name(&looked);
    small = looked.key.bytes[0] == KEY_BLOCK_SMALL;
    if (!block_fits(value->mv_data, value->mv_size) ||
        (block_open(value->mv_data).header->words == 1) != small) {
        check_problem(check, "block %s: its bytes are no block", looked.name);
        return 0;
    }
    looked.block = block_open(value->mv_data);
    check_body(&looked);
    rc = check_boxes(&looked);
    for (size_t group = 0; group < count_groups(&looked.block) && rc == 0; group++) {
        check->expected[TABLE_BLOCK_SEATS]++;
        rc = check_seats_of(&looked, group);
    }
    return rc;
}

int
check_slots(struct check *check)
{
    uint64_t offers = check->expected[TABLE_OFFER_ROW], cards;
    int rc = card_count(check->txn, &cards);

    if (check->slots != offers)
        check_problem(check, "blocks: %" PRIu64 " slots stand for offers, but there are %" PRIu64 " offers",
                      check->slots, offers);
    if (rc == STORE_FAULT_CORRUPT) {
        check->txn->fault = rc = 0;
        check_problem(check, "card: some can not be read");
    } else if (rc == 0 && cards != offers)
        check_problem(check, "card: there are %" PRIu64 ", but %" PRIu64 " offers", cards, offers);
    return rc;
}
