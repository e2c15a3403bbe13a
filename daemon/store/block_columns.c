// SPDX-License-Identifier: Apache-2.0
// The columns of a block that is made: the sorted ids of the old blocks and of the rows are merged, and the
// bits of each are put together, a stretch of slots at a time. Invariants: build->columns is sorted by class
// and id; the bits of column i start at word i times the words of a column; each has a bit set.
#include "store/block_build.h"
#include "store/store.h"
#include <stdlib.h>

#define NO_KEY UINT64_MAX // behind all keys of columns

// Room for so many columns of so many words. 0 or STORE_FAULT_MEMORY.
static int
make_room(struct block_build *build, size_t most, size_t words)
{
    if (most > build->room) {
        free(build->columns);
        free(build->order);
        build->room = 0;
        build->columns = malloc(most * sizeof *build->columns);
        build->order = malloc(most * sizeof *build->order);
        if (build->columns == NULL || build->order == NULL)
            return STORE_FAULT_MEMORY;
        build->room = most;
    }
    if (most * words > build->words_room) {
        free(build->bits);
        build->words_room = 0;
        build->bits = malloc(most * words * sizeof *build->bits);
        if (build->bits == NULL)
            return STORE_FAULT_MEMORY;
        build->words_room = most * words;
    }
    return 0;
}

// Adds the picked bits of a part's column to a new one.
static void
move_bits(const struct block_build *build, size_t part, const uint8_t *column, uint64_t *bits)
{
    const uint64_t *from = (const void *)column;

    for (size_t i = 0; i < build->n_chunks[part]; i++) {
        const struct chunk *chunk = &build->chunks[part][i];
        uint64_t word = from[chunk->from / 64] & chunk->mask;

        bits[chunk->to / 64] |= word << chunk->turn | word >> (64 - chunk->turn) % 64;
    }
}

// Sorts as the columns do.
static uint64_t
key_of(uint32_t class, uint32_t id)
{
    return (uint64_t) class << 32 | id;
}

static int
compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void
sort_row_ids(struct block_build *build, const struct catalog *catalog, const struct block_source *source)
{
    build->n_row_ids = 0;
    for (size_t row = 0; row < source->n_rows; row++) {
        struct column_id ids[BLOCK_ROW_COLUMNS_MAX];
        size_t n = block_row_columns(catalog, &source->rows[row], ids);

        for (size_t i = 0; i < n; i++)
            build->row_ids[build->n_row_ids++] = key_of(ids[i].class, ids[i].id) << 16 | row;
    }
    qsort(build->row_ids, build->n_row_ids, sizeof build->row_ids[0], compare_keys);
}

// The ids of a part, walked in order.
struct walk {
    const struct block *block; // NULL: none
    size_t at;
    uint32_t class;
    uint64_t key; // of the id at `at`, or NO_KEY
};

static void
walk_read(struct walk *walk)
{
    walk->key = NO_KEY;
    if (walk->block == NULL || walk->at == walk->block->header->first[BLOCK_CLASSES])
        return;
    while (walk->at >= walk->block->header->first[walk->class + 1])
        walk->class ++;
    walk->key = key_of(walk->class, walk->block->ids[walk->at]);
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) static uint32_t
count_fast(const uint64_t *bits, size_t words)
{
    uint32_t count = 0;

    for (size_t word = 0; word < words; word++)
        count += (uint32_t)__builtin_popcountll(bits[word]);
    return count;
}
#endif

static uint32_t
count_bits(const uint64_t *bits, size_t words)
{
    uint32_t count = 0;

#if defined(__x86_64__)
    if (__builtin_cpu_supports("popcnt"))
        return count_fast(bits, words);
#endif
    for (size_t word = 0; word < words; word++)
        count += (uint32_t)__builtin_popcountll(bits[word]);
    return count;
}

// Puts together the column of a key out of the parts and rows that have it, and goes on behind it.
static void
join_column(struct block_build *build, struct walk walks[BLOCK_PARTS], size_t *row_id, uint64_t key,
            const struct block_source *source)
{
    size_t words = block_build_words(source);
    uint64_t *bits = build->bits + build->n_columns * words;
    struct column column = {.id = {(uint32_t)(key >> 32), (uint32_t)key}};

    memset(bits, 0, words * sizeof *bits);
    for (size_t part = 0; part < BLOCK_PARTS; part++) {
        if (walks[part].key != key)
            continue;
        move_bits(build, part, block_column_at(walks[part].block, walks[part].at), bits);
        walks[part].at++;
        walk_read(&walks[part]);
    }
    for (; *row_id < build->n_row_ids && build->row_ids[*row_id] >> 16 == key; ++*row_id) {
        size_t slot = source->n_picks + (build->row_ids[*row_id] & UINT16_MAX);

        bits[slot / 64] |= UINT64_C(1) << slot % 64;
    }
    column.count = source->small ? bits[0] != 0 : count_bits(bits, words);
    if (column.count != 0)
        build->columns[build->n_columns++] = column;
}

// Merges the sorted ids of the parts and the rows.
static int
merge(struct block_build *build, const struct catalog *catalog, const struct block_source *source)
{
    struct walk walks[BLOCK_PARTS] = {0};
    size_t most, row_id = 0;

    sort_row_ids(build, catalog, source);
    most = build->n_row_ids;
    for (size_t part = 0; part < BLOCK_PARTS; part++) {
        walks[part].block = source->parts[part];
        walk_read(&walks[part]);
        most += source->parts[part] == NULL ? 0 : source->parts[part]->header->first[BLOCK_CLASSES];
    }
    if (make_room(build, most, block_build_words(source)) != 0)
        return STORE_FAULT_MEMORY;
    build->n_columns = 0;
    for (;;) {
        uint64_t key = row_id < build->n_row_ids ? build->row_ids[row_id] >> 16 : NO_KEY;

        for (size_t part = 0; part < BLOCK_PARTS; part++)
            key = walks[part].key < key ? walks[part].key : key;
        if (key == NO_KEY)
            return 0;
        join_column(build, walks, &row_id, key, source);
    }
}

static int
compare_order(const void *a, const void *b, void *arg)
{
    const struct block_build *build = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    if (build->columns[x].count != build->columns[y].count)
        return build->columns[x].count > build->columns[y].count ? -1 : 1;
    return x < y ? -1 : x > y;
}

// Says in which order the columns lie. In a small block, which is made again for each offer, in that of the
// ids.
static void
order_columns(struct block_build *build, bool small)
{
    for (uint32_t i = 0; i < build->n_columns; i++)
        build->order[i] = i;
    if (!small)
        qsort_r(build->order, build->n_columns, sizeof *build->order, compare_order, build);
    for (uint32_t i = 0; i < build->n_columns; i++)
        build->columns[build->order[i]].place = i;
}

int
block_columns_find(struct block_build *build, const struct catalog *catalog,
                   const struct block_source *source)
{
    int rc = merge(build, catalog, source);

    if (rc == 0)
        order_columns(build, source->small);
    return rc;
}
