// SPDX-License-Identifier: Apache-2.0
// A block of the index: up to BLOCK_SLOTS offers that lie near each other, turned on their side. Each
// property that is asked for as a set (an interest, a kind, a level...) is a *column*: one bit for each slot,
// so that 64 offers are looked at with one operation. What is compared as a number (a date, a price) is an
// array. Pure: bytes in, bytes out; blocks.h keeps them in the store.
//
// As it lies in the store, host byte order, from the value's start:
//
//   struct block_header | struct block_ranks of the classes of interests
//
//   ids of the columns, u32, sorted in each class | where the column of each id lies, u16 | padding
//
//   struct block_box of each 64 slots | padding | columns, `words` u64 each | struct block_slot of each slot
//
//   for each field whose values differ: an i32 for each slot | partner ids u64
//
// What lies on few pages is found fast, as a page costs a look into the page tables each time it is not
// known: so columns that many offers are in, which are the ones that most queries ask for, come first. A
// block holds 64 slots (one word a column) or a multiple of BLOCK_GROUP; those of a full block are in the
// order of key_morton, so that a group lies close together. The columns start BLOCK_ALIGN bytes short of a
// cache line, as LMDB puts large values so far behind the start of a page.
//
// Bit-sliced columns with a few numbers beside them: O'Neil and Quass, Improved Query Performance with
// Variant Indexes, SIGMOD 1997.
#ifndef STORE_BLOCK_H
#define STORE_BLOCK_H

#include "base/attr.h"
#include "store/offer_row.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BLOCK_GROUP       512u  // slots that are looked at as one
#define BLOCK_GROUP_BYTES 64u   // of a column
#define BLOCK_SLOTS       4096u // of a full block
#define BLOCK_SMALL_SLOTS 64u   // of a small one
#define BLOCK_LINE        64u
#define BLOCK_ALIGN       16u // bytes between the start of a page and a large value of LMDB's

// Value 0 of a class stands for offers that name none: for levels and weekdays they take all.
enum block_class {
    BLOCK_INTEREST, // id of an interest that the offer names
    BLOCK_BELOW,    // id of an interest that one of the offer's lies properly below
    BLOCK_CHILD,    // id of an interest that one of the offer's lies directly below
    BLOCK_KIND,
    BLOCK_PARTNER_KIND,
    BLOCK_LEVEL,
    BLOCK_TRANSITION,
    BLOCK_WEEKDAY,
    BLOCK_NEED,
    BLOCK_LANGUAGE, // offer_row_language()
    BLOCK_FUND,
    BLOCK_MUNICIPALITY, // region id
    BLOCK_CLASSES,
};
#define BLOCK_RANKED (BLOCK_CHILD + 1) // so many classes, the first ones, are found by rank

// 64 ids of a class: which have a column, and how many columns there are before the first of them. (Rank of a
// bit vector: Jacobson, Space-efficient Static Trees and Graphs, FOCS 1989.)
struct block_ranks {
    uint64_t bits;
    uint64_t before;
};

// Numbers of an offer. Dates that are not given are so early or late that they never fail.
enum block_field {
    BLOCK_COST, // cents
    BLOCK_START,
    BLOCK_END,
    BLOCK_DEADLINE,
    BLOCK_RESERVED_UNTIL,
    BLOCK_MIN_AGE,
    BLOCK_MAX_AGE,
    BLOCK_FIELDS,
};

struct block_header {
    uint16_t used;                     // slots that hold an offer, also those that were given up
    uint16_t words;                    // u64 of a column
    uint16_t first[BLOCK_CLASSES + 1]; // where the ids of each class start
    uint16_t pad;
    int32_t least[BLOCK_FIELDS], most[BLOCK_FIELDS];                         // over all slots
    uint32_t at_ids, at_places, at_boxes, at_columns, at_slots, at_partners; // bytes from the start
    uint32_t at_fields[BLOCK_FIELDS];                                        // 0 = no array
    uint32_t size;                                                           // of the whole block
    uint16_t at_ranks[BLOCK_RANKED]; // in struct block_ranks behind the header
    uint16_t n_ranks[BLOCK_RANKED];
    uint32_t pad_more;
};
_Static_assert(sizeof(struct block_header) == 160, "the header is part of the store's format");

struct block_slot {
    struct geo_point point;
    uint64_t offer;
};

// Where some slots lie; of none it holds nothing (min above max).
struct block_box {
    int32_t lat_min_e6, lat_max_e6, lon_min_e6, lon_max_e6;
};

// A block that is looked at; it points into the bytes.
struct block {
    const struct block_header *header;
    const struct block_ranks *ranks;
    const uint32_t *ids;
    const uint16_t *places;
    const struct block_box *boxes; // of 64 slots each
    const uint8_t *columns;
    const struct block_slot *slots;
    const uint64_t *partners;
};

// Whether bytes have the shape of a block, so that looking at it stays inside of them: for bytes that may be
// damaged.
bool block_fits(const void *bytes, size_t size);

// Looks at bytes that block_build made, aligned to 8 (to 16 bytes behind a multiple of 64 for speed).
static inline struct block
block_open(const void *bytes)
{
    const struct block_header *header = bytes;
    const uint8_t *start = bytes;

    return (struct block){.header = header,
                          .ranks = (const void *)(start + sizeof *header),
                          .ids = (const void *)(start + header->at_ids),
                          .places = (const void *)(start + header->at_places),
                          .boxes = (const void *)(start + header->at_boxes),
                          .columns = start + header->at_columns,
                          .slots = (const void *)(start + header->at_slots),
                          .partners = (const void *)(start + header->at_partners)};
}

static inline size_t
block_column_bytes(const struct block *block)
{
    return (size_t)block->header->words * sizeof(uint64_t);
}

// The column of the id at a place in the list of ids.
static inline const uint8_t *
block_column_at(const struct block *block, size_t place)
{
    return block->columns + block->places[place] * block_column_bytes(block);
}

// The ranks that tell of an id of a ranked class, or NULL: no offer of the block has it.
static inline const struct block_ranks *
block_ranks(const struct block *block, enum block_class class, uint32_t id)
{
    if (id / 64 >= block->header->n_ranks[class])
        return NULL;
    return &block->ranks[block->header->at_ranks[class] + id / 64];
}

// The column of a value of a ranked class, or NULL: no offer of the block has it.
static inline const uint8_t *
block_ranked(const struct block *block, enum block_class class, uint32_t id)
{
    const struct block_ranks *ranks = block_ranks(block, class, id);
    size_t place;

    if (ranks == NULL || (ranks->bits >> id % 64 & 1) == 0)
        return NULL;
    place = ranks->before + (size_t)__builtin_popcountll(ranks->bits & ((UINT64_C(1) << id % 64) - 1));
    return block_column_at(block, place);
}

// The same for any class.
const uint8_t *block_column(const struct block *block, enum block_class class, uint32_t id);

static inline int32_t
block_field(const struct block *block, enum block_field field, size_t slot)
{
    uint32_t at = block->header->at_fields[field];
    const int32_t *values = (const void *)((const uint8_t *)block->header + at);

    return at == 0 ? block->header->least[field] : values[slot];
}

static inline bool
block_bit(const uint8_t *column, size_t slot)
{
    return (column[slot / 8] >> (slot % 8) & 1) != 0;
}

// A box that holds nothing.
static inline struct block_box
block_nowhere(void)
{
    return (struct block_box){INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN};
}

// The least box that holds two.
static inline struct block_box
block_join(struct block_box a, struct block_box b)
{
    return (struct block_box){
        .lat_min_e6 = a.lat_min_e6 < b.lat_min_e6 ? a.lat_min_e6 : b.lat_min_e6,
        .lat_max_e6 = a.lat_max_e6 > b.lat_max_e6 ? a.lat_max_e6 : b.lat_max_e6,
        .lon_min_e6 = a.lon_min_e6 < b.lon_min_e6 ? a.lon_min_e6 : b.lon_min_e6,
        .lon_max_e6 = a.lon_max_e6 > b.lon_max_e6 ? a.lon_max_e6 : b.lon_max_e6,
    };
}

// The box of a group.
struct block_box block_group_box(const struct block *block, size_t group);

struct catalog;

// Whether a slot has exactly the bits and numbers that row asks for.
bool block_holds(const struct block *block, const struct catalog *catalog, size_t slot,
                 const struct offer_row *row);

// ---- Making (block_build.c)
struct block_build;

// What block_build needs, kept for the next call. NULL when memory is short; free(NULL) is safe.
struct block_build *block_build_new(void) MUST_CHECK;
void block_build_free(struct block_build *build);

// What a new block is made of: slots of up to two old ones, in their new order, and up to BLOCK_SMALL_SLOTS
// rows behind them.
#define BLOCK_PARTS 2u
struct block_pick {
    uint16_t part, slot;
};
struct block_source {
    const struct block *parts[BLOCK_PARTS]; // NULL = none
    const struct block_pick *picks;
    size_t n_picks;
    const struct offer_row *rows;
    size_t n_rows;
    bool small; // BLOCK_SMALL_SLOTS slots, else up to BLOCK_SLOTS
};

// Makes a block; there must be something in it, and no more than it holds. 0 with *bytes and *size, which
// live until the next call, or STORE_FAULT_MEMORY.
int block_build(struct block_build *build, const struct catalog *catalog, const struct block_source *source,
                const void **bytes, size_t *size) MUST_CHECK;

#endif
