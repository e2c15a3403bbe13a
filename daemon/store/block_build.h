// SPDX-License-Identifier: Apache-2.0
// What is between the steps of making a block: where its slots come from and which columns it has. For
// block_build.c and block_columns.c only.
#ifndef STORE_BLOCK_BUILD_H
#define STORE_BLOCK_BUILD_H

#include "base/attr.h"
#include "store/block.h"
#include "store/block_layout.h"
#include "store/block_row.h"

// A column of the new block.
struct column {
    struct column_id id;
    uint32_t count; // slots that are in it; of a small block not known
    uint32_t place; // among the columns as they lie
};

// Slots of a part that stay together, within one word of its columns and one of the new ones.
struct chunk {
    uint16_t from, to, n; // slots
    uint16_t turn;        // what the word is rotated by to the left
    uint64_t mask;        // of the word of the part
};

struct block_build {
    struct column *columns;
    uint32_t *order; // numbers of columns, those with many slots first
    uint64_t *bits;  // of the columns, in the order of their ids
    size_t n_columns, room, words_room;
    struct chunk chunks[BLOCK_PARTS][BLOCK_SLOTS];
    size_t n_chunks[BLOCK_PARTS], n_picked[BLOCK_PARTS];
    uint64_t row_ids[BLOCK_SMALL_SLOTS * BLOCK_ROW_COLUMNS_MAX]; // sorted: key of a column, number of a row
    size_t n_row_ids;
    uint8_t *bytes;
    size_t bytes_room;
};

static inline size_t
block_build_used(const struct block_source *source)
{
    return source->n_picks + source->n_rows;
}

static inline size_t
block_build_words(const struct block_source *source)
{
    return source->small ? 1 : block_layout_align(block_build_used(source), BLOCK_GROUP) / 64;
}

// Finds the columns and puts their bits together, for the chunks that were set, and says in which order they
// lie. 0 or STORE_FAULT_MEMORY.
int block_columns_find(struct block_build *build, const struct catalog *catalog,
                       const struct block_source *source) MUST_CHECK;

#endif
