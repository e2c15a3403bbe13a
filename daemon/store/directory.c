// SPDX-License-Identifier: Apache-2.0
// Loading walks the three tables of the blocks side by side; where cards lie is looked up when somebody asks.
// Addresses stay good in later snapshots with the same generation: LMDB moves a page only when something on
// it is written, and then the generation is another.
#include "store/directory.h"
#include "store/internal.h"
#include "store/records.h"
#include "store/seats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX (BLOCK_SLOTS / BLOCK_GROUP)
#define COS_SLACK  1e-6f // above what rounding to float costs

// What a struct directory points to, with room for more.
struct loading {
    struct directory directory; // first: what the outside sees
    size_t blocks_room, groups_room;
    uint32_t *remote;
    struct directory_block *blocks;
    int32_t *bounds[4]; // lat_min, lat_max, lon_min, lon_max
    float *cosines[2];
    uint32_t *block;
    const uint8_t **seats;
    struct card_chunk *chunks; // those that were asked for
    size_t n_chunks, chunks_room;
};

void
directory_free(struct directory *directory)
{
    struct loading *loading = (struct loading *)directory;

    if (loading == NULL)
        return;
    free(loading->blocks);
    free(loading->remote);
    free(loading->block);
    free(loading->seats);
    for (int i = 0; i < 4; i++)
        free(loading->bounds[i]);
    free(loading->cosines[0]);
    free(loading->cosines[1]);
    free(loading->chunks);
    free(loading);
}

// Makes an array larger. 0 or STORE_FAULT_MEMORY.
static int
enlarge(void *array, size_t room, size_t size)
{
    void **pointer = array, *larger = reallocarray(*pointer, room, size);

    if (larger == NULL)
        return STORE_FAULT_MEMORY;
    *pointer = larger;
    return 0;
}

static int
make_room(struct loading *loading)
{
    size_t room;
    int rc = 0;

    if (loading->directory.n_blocks == loading->blocks_room) {
        room = loading->blocks_room == 0 ? 64 : 2 * loading->blocks_room;
        rc = enlarge(&loading->blocks, room, sizeof *loading->blocks);
        if (rc == 0)
            rc = enlarge(&loading->remote, room, sizeof *loading->remote);
        if (rc == 0)
            loading->blocks_room = room;
    }
    if (rc != 0 || loading->directory.n_groups + GROUPS_MAX <= loading->groups_room)
        return rc;
    room = loading->groups_room == 0 ? 256 : 2 * loading->groups_room;
    for (int i = 0; i < 4 && rc == 0; i++)
        rc = enlarge(&loading->bounds[i], room, sizeof *loading->bounds[i]);
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = enlarge(&loading->cosines[i], room, sizeof *loading->cosines[i]);
    if (rc == 0)
        rc = enlarge(&loading->block, room, sizeof *loading->block);
    if (rc == 0)
        rc = enlarge(&loading->seats, room, sizeof *loading->seats);
    if (rc == 0)
        loading->groups_room = room;
    return rc;
}

static void
add_group(struct loading *loading, const struct block_box *box, const uint8_t *seats)
{
    size_t at = loading->directory.n_groups++;
    int32_t south = abs(box->lat_min_e6), north = abs(box->lat_max_e6);
    int32_t far = south > north ? south : north, near = south > north ? north : south;
    bool equator = box->lat_min_e6 <= 0 && box->lat_max_e6 >= 0;

    loading->bounds[0][at] = box->lat_min_e6;
    loading->bounds[1][at] = box->lat_max_e6;
    loading->bounds[2][at] = box->lon_min_e6;
    loading->bounds[3][at] = box->lon_max_e6;
    loading->cosines[0][at] = fmaxf(0, (float)cos(far / 1e6 * (M_PI / 180)) - COS_SLACK);
    loading->cosines[1][at] = equator ? 1 : (float)cos(near / 1e6 * (M_PI / 180)) + COS_SLACK;
    loading->block[at] = (uint32_t)loading->directory.n_blocks;
    loading->seats[at] = seats;
}

// ---- Walking the tables

struct walk {
    struct txn *txn;
    struct loading *loading;
    MDB_cursor *heads, *bodies, *seats;
};

// The next entry of a table, which must have this key.
static int
next_of(struct txn *txn, MDB_cursor *cursor, const struct key *wanted, MDB_val *value)
{
    MDB_val key;
    int rc = txn_map(txn, mdb_cursor_get(cursor, &key, value, MDB_NEXT));

    if (rc < 0)
        return rc;
    return rc == 0 && key.mv_size == wanted->len && memcmp(key.mv_data, wanted->bytes, wanted->len) == 0
               ? 0
               : txn_fail(txn, STORE_FAULT_CORRUPT);
}

static int
add_groups(struct walk *walk, const struct key *block, const MDB_val *head, size_t groups)
{
    for (size_t group = 0; group < groups; group++) {
        struct key key = key_group(block, (uint8_t)group);
        struct block_box box;
        MDB_val seats;
        int rc = next_of(walk->txn, walk->seats, &key, &seats);

        if (rc != 0)
            return rc;
        if (seats.mv_size != seats_size(seats_width(block->bytes[0] == KEY_BLOCK_SMALL)))
            return txn_fail(walk->txn, STORE_FAULT_CORRUPT);
        memcpy(&box, (const uint8_t *)head->mv_data + group * sizeof box, sizeof box);
        add_group(walk->loading, &box, seats.mv_data);
    }
    return 0;
}

// Adds the next block. 0, STORE_E_NOT_FOUND at the end, or a fault.
static int
add_block(struct walk *walk)
{
    struct loading *loading = walk->loading;
    MDB_val key, head, body;
    struct key block;
    size_t groups;
    int rc = txn_map(walk->txn, mdb_cursor_get(walk->heads, &key, &head, MDB_NEXT));

    if (rc != 0)
        return rc;
    groups = head.mv_size / sizeof(struct block_box);
    if (key.mv_size <= KEY_BLOCK_PREFIX || key.mv_size >= STORE_KEY_MAX || groups == 0 ||
        groups > GROUPS_MAX || (groups > 1 && *(const uint8_t *)key.mv_data == KEY_BLOCK_SMALL) ||
        head.mv_size % sizeof(struct block_box) != 0)
        return txn_fail(walk->txn, STORE_FAULT_CORRUPT);
    if (make_room(loading) != 0)
        return txn_fail(walk->txn, STORE_FAULT_MEMORY);
    block = key_bytes(key.mv_data, key.mv_size);
    rc = next_of(walk->txn, walk->bodies, &block, &body);
    if (rc == 0 && body.mv_size < sizeof(struct block_header))
        rc = txn_fail(walk->txn, STORE_FAULT_CORRUPT);
    if (rc != 0)
        return rc;
    loading->blocks[loading->directory.n_blocks] = (struct directory_block){
        .body = body.mv_data,
        .first_group = (uint32_t)loading->directory.n_groups,
        .groups = (uint16_t)groups,
        .remote = block.bytes[1] == KEY_BLOCK_REMOTE,
    };
    if (block.bytes[1] == KEY_BLOCK_REMOTE)
        loading->remote[loading->directory.n_remote++] = (uint32_t)loading->directory.n_blocks;
    rc = add_groups(walk, &block, &head, groups);
    loading->directory.n_blocks++;
    return rc;
}

static int
walk_tables(struct txn *txn, struct loading *loading)
{
    struct walk walk = {.txn = txn, .loading = loading};
    const struct {
        enum table table;
        MDB_cursor **cursor;
    } opens[] = {
        {TABLE_BLOCK_HEAD, &walk.heads}, {TABLE_BLOCK_BODY, &walk.bodies}, {TABLE_BLOCK_SEATS, &walk.seats}};
    int rc = 0;

    for (size_t i = 0; i < sizeof opens / sizeof opens[0] && rc == 0; i++)
        rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[opens[i].table], opens[i].cursor));
    while (rc == 0)
        rc = add_block(&walk);
    for (size_t i = 0; i < sizeof opens / sizeof opens[0]; i++)
        if (*opens[i].cursor != NULL)
            mdb_cursor_close(*opens[i].cursor);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// Fills the directory again, in the memory that it has.
static int
load(struct txn *txn, struct loading *loading)
{
    struct directory *out = &loading->directory;
    int rc;

    *out = (struct directory){0};
    loading->n_chunks = 0;
    rc = walk_tables(txn, loading);
    out->blocks = loading->blocks;
    out->remote = loading->remote;
    out->lat_min = loading->bounds[0];
    out->lat_max = loading->bounds[1];
    out->lon_min = loading->bounds[2];
    out->lon_max = loading->bounds[3];
    out->cos_min = loading->cosines[0];
    out->cos_max = loading->cosines[1];
    out->block = loading->block;
    out->seats = loading->seats;
    return rc;
}

static struct directory *
new_directory(void)
{
    struct loading *loading = calloc(1, sizeof *loading);

    return loading == NULL ? NULL : &loading->directory;
}

int
txn_directory(struct txn *txn, const struct directory **out)
{
    uint64_t generation;
    int rc = 0;

    if (!txn->directory_known) {
        rc = meta_get(txn, META_BLOCKS, &generation);
        if (rc < 0)
            return rc;
        if (txn->directory == NULL && (txn->directory = new_directory()) == NULL)
            return txn_fail(txn, STORE_FAULT_MEMORY);
        if (generation != txn->directory_generation || txn->directory->blocks == NULL) {
            txn->directory_generation = generation;
            rc = load(txn, (struct loading *)txn->directory);
        }
        if (rc != 0) {
            directory_free(txn->directory);
            txn->directory = NULL;
            return rc;
        }
        txn->directory_known = true;
    }
    *out = txn->directory;
    return 0;
}

// ---- Chunks of cards

// Makes room for the chunks up to a number, the new ones not known. 0 or STORE_FAULT_MEMORY.
static int
know_chunks(struct loading *loading, size_t n)
{
    if (n > loading->chunks_room) {
        size_t room = n > 2 * loading->chunks_room ? n : 2 * loading->chunks_room;

        if (enlarge(&loading->chunks, room, sizeof *loading->chunks) != 0)
            return STORE_FAULT_MEMORY;
        loading->chunks_room = room;
    }
    memset(loading->chunks + loading->n_chunks, 0, (n - loading->n_chunks) * sizeof *loading->chunks);
    loading->n_chunks = n;
    return 0;
}

int
directory_chunk(struct txn *txn, uint64_t number, struct card_chunk *out)
{
    struct loading *loading = txn->directory_known && !txn->write ? (struct loading *)txn->directory : NULL;
    struct key key;
    MDB_val value;
    int rc;

    if (loading != NULL && number < loading->n_chunks && loading->chunks[number].bytes != NULL) {
        *out = loading->chunks[number];
        return 0;
    }
    key = key_number(number);
    rc = table_get(txn, TABLE_CARD, &key, &value);
    if (rc != 0)
        return rc;
    *out = (struct card_chunk){value.mv_data, value.mv_size};
    if (loading == NULL)
        return 0;
    if (number >= loading->n_chunks && know_chunks(loading, number + 1) != 0)
        return txn_fail(txn, STORE_FAULT_MEMORY);
    loading->chunks[number] = *out;
    return 0;
}
