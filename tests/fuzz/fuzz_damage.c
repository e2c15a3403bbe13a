// SPDX-License-Identifier: Apache-2.0
// kansend --check on a damaged store: values are overwritten, cut, grown, moved or removed behind its back,
// and then the check must come to its end, and a block that it takes for one can be looked at everywhere. The
// input is a row of damages: table, entry, what, place, count, bytes.
#include "store/block.h"
#include "store/check.h"
#include "store/internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAMAGES_MAX 16u
#define GROWS_MAX   64u

enum { OVERWRITE, OVERWRITE_NUMBER, CUT, GROW, DROP, COPY_KEY, WHATS };

static struct world *world;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    world = world_new();
    return 0;
}

// ---- Damage

struct damage {
    uint8_t table, entry, what;
    uint16_t place;
    uint8_t count;
    const uint8_t *bytes; // count of them
};

static bool
read_damage(const uint8_t **data, size_t *size, struct damage *out)
{
    uint8_t table;

    if (*size < 6)
        return false;
    table = fuzz_byte(data, size);
    // The only large values without a checksum are the blocks, so they get half of the damage.
    *out = (struct damage){.table = table < 128 ? table % TABLE_COUNT : TABLE_BLOCK_BODY,
                           .entry = fuzz_byte(data, size),
                           .what = fuzz_byte(data, size) % WHATS};
    out->place = fuzz_byte(data, size);
    out->place = (uint16_t)(out->place << 8 | fuzz_byte(data, size));
    out->count = fuzz_byte(data, size) % (GROWS_MAX + 1);
    if (out->count > *size)
        out->count = (uint8_t)*size;
    out->bytes = *data;
    *data += out->count;
    *size -= out->count;
    return true;
}

// The value as it is put back; memory of the caller, room for GROWS_MAX more. Returns its length.
static size_t
change_value(const struct damage *damage, uint8_t *value, size_t len)
{
    size_t place = len == 0 ? 0 : damage->place % len;

    switch (damage->what) {
    case OVERWRITE:
        memcpy(value + place, damage->bytes, damage->count < len - place ? damage->count : len - place);
        return len;
    case OVERWRITE_NUMBER: // where numbers of four bytes lie
        place &= ~(size_t)3;
        memcpy(value + place, damage->bytes, damage->count < len - place ? damage->count : len - place);
        return len;
    case CUT:
        return place;
    case GROW:
        memcpy(value + len, damage->bytes, damage->count);
        return len + damage->count;
    default:
        return len;
    }
}

// The value with a place in the table; false when the table is empty.
static bool
find(MDB_cursor *cursor, unsigned entry, MDB_val *key, MDB_val *value)
{
    MDB_stat stat;

    mdb_stat(mdb_cursor_txn(cursor), mdb_cursor_dbi(cursor), &stat);
    if (stat.ms_entries == 0 || mdb_cursor_get(cursor, key, value, MDB_FIRST) != 0)
        return false;
    for (size_t left = entry % stat.ms_entries; left > 0; left--)
        assert(mdb_cursor_get(cursor, key, value, MDB_NEXT) == 0);
    return true;
}

static void
apply_damage(MDB_txn *txn, MDB_dbi dbi, const struct damage *damage)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    uint8_t key_copy[STORE_KEY_MAX], *copy = NULL;

    assert(mdb_cursor_open(txn, dbi, &cursor) == 0);
    if (find(cursor, damage->entry, &key, &value)) {
        assert(key.mv_size <= sizeof key_copy);
        memcpy(key_copy, key.mv_data, key.mv_size);
        key.mv_data = key_copy;
        copy = malloc(value.mv_size + GROWS_MAX);
        assert(copy != NULL);
        memcpy(copy, value.mv_data, value.mv_size);
        value = (MDB_val){change_value(damage, copy, value.mv_size), copy};
        if (damage->what == DROP)
            assert(mdb_del(txn, dbi, &key, NULL) == 0);
        if (damage->what == COPY_KEY && key.mv_size > 0)
            key_copy[damage->place % key.mv_size] ^= (uint8_t)(1 + damage->count);
        if (damage->what != DROP)
            (void)mdb_put(txn, dbi, &key, &value, 0);
    }
    mdb_cursor_close(cursor);
    free(copy);
}

static void
damage_store(const char *dir, const uint8_t *data, size_t size)
{
    struct store_options options = {.dir = dir, .map_bytes = UINT64_C(16) << 20};
    struct damage damage;
    struct store *store;
    struct fault fault;
    MDB_txn *txn;

    assert(store_open(&options, &store, &fault) == 0);
    assert(mdb_txn_begin(store->env, NULL, 0, &txn) == 0);
    for (unsigned i = 0; i < DAMAGES_MAX && read_damage(&data, &size, &damage); i++)
        apply_damage(txn, store->dbi[damage.table], &damage);
    assert(mdb_txn_commit(txn) == 0);
    store_close(store);
}

// ---- Looking

// Touches everything that block.h lets a reader look at.
static uint64_t
look_at(const struct block *block)
{
    uint64_t sum = 0;
    size_t slots = (size_t)block->header->words * 64;

    for (int class = 0; class < BLOCK_CLASSES; class ++) {
        for (size_t i = block->header->first[class]; i < block->header->first[class + 1]; i++) {
            const uint8_t *column = block_column(block, class, block->ids[i]);

            assert(column != NULL && column == block_column_at(block, i));
            for (size_t slot = 0; slot < slots; slot++)
                sum += block_bit(column, slot);
        }
        sum += block_column(block, class, UINT32_MAX) != NULL;
    }
    for (int field = 0; field < BLOCK_FIELDS; field++)
        for (size_t slot = 0; slot < slots; slot++)
            sum += (uint32_t)block_field(block, field, slot);
    for (size_t slot = 0; slot < slots; slot++)
        sum += block->slots[slot].offer + (uint32_t)block->slots[slot].point.lat_e6 + block->partners[slot];
    for (size_t group = 0; group * BLOCK_GROUP < slots; group++)
        sum += (uint32_t)block_group_box(block, group).lat_min_e6;
    return sum;
}

static void
look_at_blocks(const char *dir)
{
    struct store_options options = {.dir = dir, .read_only = true};
    struct store *store;
    struct fault fault;
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_txn *txn;
    int rc;

    if (store_open(&options, &store, &fault) != 0) // the format number is damaged
        return;
    assert(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn) == 0);
    assert(mdb_cursor_open(txn, store->dbi[TABLE_BLOCK_BODY], &cursor) == 0);
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0;
         rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        void *copy = malloc(value.mv_size); // ends where the block ends

        assert(copy != NULL);
        memcpy(copy, value.mv_data, value.mv_size);
        if (block_fits(copy, value.mv_size)) {
            struct block block = block_open(copy);

            (void)look_at(&block);
        }
        free(copy);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    store_close(store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *dir = world_close(world);
    char *said = NULL;
    size_t len = 0;
    FILE *out;
    int rc;

    damage_store(dir, data, size);
    out = open_memstream(&said, &len);
    assert(out != NULL);
    rc = check_run(dir, out);
    fclose(out);
    assert(len > 0 && (rc == 0 || rc == 1 || rc < 0));
    free(said);
    if (rc >= 0)
        look_at_blocks(dir);
    return 0;
}
