// SPDX-License-Identifier: Apache-2.0
// The layout behind sliced.h, shared by the code that builds it and the code that asks it.
#ifndef TESTS_BENCH_SLICED_INDEX_H
#define TESTS_BENCH_SLICED_INDEX_H

#include "base/geo.h"
#include <stddef.h>
#include <stdint.h>

#define SLICED_BLOCK    512u // offers of a block
#define SLICED_KINDS    5u
#define SLICED_LEVELS   16u
#define SLICED_CODES    256u
#define SLICED_NEAR_MAX 64u // rings that near blocks are sorted into
#define SLICED_LANES    16u // floats of a vector

// One bit for each offer of a block; a vector of the compiler's.
typedef uint64_t sliced_bits __attribute__((vector_size(64)));
#define SLICED_WORDS 8u

// Where an offer is, from the middle of its block, in units of the earth's radius: so small that 32 bits tell
// it to the millimetre.
struct sliced_spot {
    float x, y, z;
    uint32_t cost_cents;
};

// What a query asks of a block first, in one line of the cache: which interests it has, and where its columns
// lie. The columns: kinds, levels (those of whom it fits), then the interests it has, in the order of their
// numbers.
struct sliced_head {
    uint64_t present[SLICED_CODES / 64]; // which interests have a column
    uint16_t first[SLICED_CODES / 64];   // columns before those of each word of present
    const sliced_bits *columns;
} __attribute__((aligned(64)));
#define SLICED_FIRST_LEVEL    SLICED_KINDS
#define SLICED_FIRST_INTEREST (SLICED_KINDS + SLICED_LEVELS)

struct sliced_middle {
    double x, y, z;
    double error_m; // most that a distance from the block's spots is wrong
};

// Boxes of the blocks, field by field, so that vectors can look at many at once. Radians; a little larger
// than the offers need.
struct sliced_boxes {
    float *south, *north, *west, *east;
    float *cos_least; // least cosine of a latitude in the box
};

struct sliced {
    uint32_t n_blocks, n_boxes; // boxes: a multiple of the lanes; those past the last block are nowhere near
    struct sliced_boxes boxes;
    // Of each block; and of each offer, SLICED_BLOCK for a block.
    struct sliced_head *heads;
    struct sliced_middle *middles;
    struct sliced_spot *spots;
    uint32_t *offers;         // ids
    struct geo_point *points; // for the exact distance
    // Memory of the query at hand: squared distances of all blocks; near ones as found and by ring.
    uint32_t *found, *near;
    float *far, *found_m, *near_m;
    size_t bytes;
    void *memory[16]; // everything above
    uint32_t n_memory;
};

#endif
