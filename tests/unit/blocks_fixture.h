// SPDX-License-Identifier: Apache-2.0
// What must hold of the blocks of a store: every offer has one slot, with the bits of its row, in a box that
// holds it; the list in memory says so too; and the offline check has nothing to say.
#ifndef TESTS_UNIT_BLOCKS_FIXTURE_H
#define TESTS_UNIT_BLOCKS_FIXTURE_H

#include "store/block.h"
#include "store/blocks.h"
#include "store/check.h"
#include "store/directory.h"
#include "store/internal.h"
#include "store/seats.h"
#include "tests/unit/offers_fixture.h"

// What was counted over all blocks.
struct blocks {
    size_t small, full, remote, slots, groups;
};

// The seats of a group of a block, in the store.
static inline const uint8_t *
blocks_seats(struct txn *txn, const struct key *block, size_t group, size_t width)
{
    struct key key = key_group(block, (uint8_t)group);
    MDB_val seats;

    assert_int_equal(table_get(txn, TABLE_BLOCK_SEATS, &key, &seats), 0);
    assert_int_equal(seats.mv_size, seats_size(width));
    return seats.mv_data;
}

static inline bool
blocks_box_holds(const struct block_box *box, struct geo_point point)
{
    return box->lat_min_e6 <= point.lat_e6 && point.lat_e6 <= box->lat_max_e6 &&
           box->lon_min_e6 <= point.lon_e6 && point.lon_e6 <= box->lon_max_e6;
}

// Counts the slots of a group that stand for an offer; each lies in the boxes that should hold it.
static inline size_t
blocks_count_group(const struct block *block, size_t group, const struct block_box *box, const uint8_t *seats,
                   size_t width)
{
    size_t n = 0;

    for (size_t slot = 0; slot < 8 * width; slot++) {
        size_t place = group * BLOCK_GROUP + slot;

        if (!block_bit(seats_column(seats, SEATS_PRESENT, width), slot))
            continue;
        assert_true(place < block->header->used);
        assert_true(blocks_box_holds(box, block->slots[place].point));
        assert_true(blocks_box_holds(&block->boxes[place / 64], block->slots[place].point));
        n++;
    }
    return n;
}

static inline void
blocks_count_block(struct txn *txn, const MDB_val *name, const MDB_val *body, struct blocks *blocks)
{
    struct key key = key_bytes(name->mv_data, name->mv_size);
    struct block block = block_open(body->mv_data);
    bool small = key.bytes[0] == KEY_BLOCK_SMALL;
    size_t groups = (block.header->used + BLOCK_GROUP - 1) / BLOCK_GROUP;
    struct block_box boxes[BLOCK_SLOTS / BLOCK_GROUP];
    MDB_val head;

    assert_true(block_fits(body->mv_data, body->mv_size));
    assert_int_equal(small, block.header->words == 1);
    assert_int_equal(table_get(txn, TABLE_BLOCK_HEAD, &key, &head), 0);
    assert_int_equal(head.mv_size, groups * sizeof boxes[0]);
    memcpy(boxes, head.mv_data, head.mv_size);
    for (size_t group = 0; group < groups; group++)
        blocks->slots +=
            blocks_count_group(&block, group, &boxes[group],
                               blocks_seats(txn, &key, group, seats_width(small)), seats_width(small));
    blocks->small += small;
    blocks->full += !small;
    blocks->remote += key.bytes[1] == KEY_BLOCK_REMOTE;
    blocks->groups += groups;
}

static inline struct blocks
blocks_count(struct txn *txn)
{
    struct blocks blocks = {0};
    MDB_cursor *cursor;
    MDB_val key, body;

    assert_int_equal(mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_BLOCK_BODY], &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &body, MDB_NEXT) == 0)
        blocks_count_block(txn, &key, &body, &blocks);
    mdb_cursor_close(cursor);
    return blocks;
}

// Every offer lies where a look-up finds it. Returns how many there are.
static inline size_t
blocks_check_rows(struct txn *txn)
{
    struct offer_row row = {.offer_id = 0};
    size_t n = 0;

    while (offer_row_next(txn, row.offer_id, &row) == 0) {
        bool good;

        assert_int_equal(blocks_check(txn, &row, &good), 0);
        if (!good)
            fail_msg("offer %llu", (unsigned long long)row.offer_id);
        n++;
    }
    return n;
}

// The list in memory says what the tables say, and its cosines bound those of the slots.
static inline void
blocks_check_directory(struct txn *txn, const struct blocks *blocks)
{
    const struct directory *directory;
    size_t remote = 0, n_remote = 0;

    assert_int_equal(txn_directory(txn, &directory), 0);
    assert_int_equal(directory->n_blocks, blocks->small + blocks->full);
    assert_int_equal(directory->n_groups, blocks->groups);
    for (size_t i = 0; i < directory->n_blocks; i++) {
        struct block block = block_open(directory->blocks[i].body);

        remote += directory->blocks[i].remote;
        if (directory->blocks[i].remote)
            assert_int_equal(directory->remote[n_remote++], i);
        for (size_t slot = 0; slot < block.header->used; slot++) {
            size_t group = directory->blocks[i].first_group + slot / BLOCK_GROUP;
            struct geo_point point = block.slots[slot].point;
            double cosine = cos(point.lat_e6 / 1e6 * (M_PI / 180));

            assert_int_equal(directory->block[group], i);
            assert_true(directory->lat_min[group] <= point.lat_e6 &&
                        point.lat_e6 <= directory->lat_max[group]);
            assert_true(directory->lon_min[group] <= point.lon_e6 &&
                        point.lon_e6 <= directory->lon_max[group]);
            assert_true(directory->cos_min[group] <= cosine && cosine <= directory->cos_max[group]);
        }
    }
    assert_int_equal(remote, blocks->remote);
    assert_int_equal(directory->n_remote, remote);
}

// Runs the offline check; report gets what it says. Returns what it returns.
static inline int
blocks_check_offline(struct fixture *fixture, char *report, size_t size)
{
    FILE *out = tmpfile();
    size_t len;
    int rc;

    assert_non_null(out);
    fixture_close(fixture);
    rc = check_run(fixture->dir, out);
    rewind(out);
    len = fread(report, 1, size - 1, out);
    report[len] = '\0';
    fclose(out);
    fixture_open(fixture);
    return rc;
}

// Verifies all of it, in the view of a reader that has seen what was there before, too.
static inline struct blocks
blocks_verify(struct offers *offers)
{
    struct fixture *fixture = &offers->fixture;
    struct blocks blocks;
    char report[512];

    assert_int_equal(txn_begin(fixture->read), 0);
    blocks = blocks_count(fixture->read);
    assert_int_equal(blocks_check_rows(fixture->read), blocks.slots);
    blocks_check_directory(fixture->read, &blocks);
    txn_end(fixture->read);
    if (blocks_check_offline(fixture, report, sizeof report) != 0)
        fail_msg("%s", report);
    assert_int_equal(txn_begin(fixture->read), 0);
    blocks_check_directory(fixture->read, &blocks); // the reader of the next time
    txn_end(fixture->read);
    return blocks;
}

#endif
