// SPDX-License-Identifier: Apache-2.0
// Looking at a block, and telling whether bytes that may be damaged are one. Invariants: ids are sorted in
// each class; nothing outside of the bytes is read once block_fits has said yes; block.h says the rest.
#include "store/block.h"
#include "store/block_layout.h"
#include "store/block_row.h"

// ---- Columns and boxes

const uint8_t *
block_column(const struct block *block, enum block_class class, uint32_t id)
{
    const uint32_t *low = block->ids + block->header->first[class];
    size_t count = (size_t)(block->header->first[class + 1] - block->header->first[class]);

    if (class < BLOCK_RANKED)
        return block_ranked(block, class, id);
    if (count == 0)
        return NULL;
    for (size_t half; count > 1; count -= half) { // without a branch that can be guessed wrong
        half = count / 2;
        low = low[half] <= id ? low + half : low;
    }
    return *low == id ? block_column_at(block, (size_t)(low - block->ids)) : NULL;
}

struct block_box
block_group_box(const struct block *block, size_t group)
{
    size_t first = group * BLOCK_GROUP / 64, end = (group + 1) * BLOCK_GROUP / 64;
    struct block_box box = block_nowhere();

    for (size_t word = first; word < end && word < block->header->words; word++)
        box = block_join(box, block->boxes[word]);
    return box;
}

// ---- Against a row

static bool
is_among(const struct column_id *ids, size_t n, uint32_t class, uint32_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i].class == class && ids[i].id == id)
            return true;
    return false;
}

bool
block_holds(const struct block *block, const struct catalog *catalog, size_t slot,
            const struct offer_row *row)
{
    struct column_id ids[BLOCK_ROW_COLUMNS_MAX];
    size_t n = block_row_columns(catalog, row, ids);
    int32_t values[BLOCK_FIELDS];
    bool good = block->slots[slot].offer == row->offer_id && block->partners[slot] == row->partner_id &&
                block->slots[slot].point.lat_e6 == row->position.lat_e6 &&
                block->slots[slot].point.lon_e6 == row->position.lon_e6;

    for (size_t i = 0; i < n && good; i++)
        good = block_column(block, ids[i].class, ids[i].id) != NULL;
    for (uint32_t class = 0; class < BLOCK_CLASSES; class ++)
        for (size_t i = block->header->first[class]; i < block->header->first[class + 1] && good; i++)
            good = block_bit(block_column_at(block, i), slot) == is_among(ids, n, class, block->ids[i]);
    block_row_fields(row, values);
    for (int field = 0; field < BLOCK_FIELDS && good; field++)
        good = block_field(block, field, slot) == values[field];
    return good;
}

// ---- Damage

// Whether the parts lie where the header's counts put them.
static bool
is_laid_out(const struct block_header *header)
{
    struct block_header wanted = *header;

    memset(wanted.at_fields, 0, sizeof wanted.at_fields);
    block_layout_set(&wanted);
    return memcmp(&wanted, header, sizeof wanted) == 0;
}

static bool
is_header_sane(const struct block_header *header)
{
    bool sane = (header->words == 1 || header->words % (BLOCK_GROUP / 64) == 0) &&
                header->words <= BLOCK_SLOTS / 64 && header->used != 0 &&
                header->used <= header->words * 64 && header->first[0] == 0 && header->at_ranks[0] == 0;

    for (int class = 0; class < BLOCK_CLASSES; class ++)
        sane = sane && header->first[class] <= header->first[class + 1];
    for (int class = 0; class < BLOCK_RANKED; class ++)
        sane = sane && header->n_ranks[class] <= UINT16_MAX / 64 + 1;
    for (int class = 1; class < BLOCK_RANKED; class ++)
        sane = sane && header->at_ranks[class] == header->at_ranks[class - 1] + header->n_ranks[class - 1];
    return sane;
}

// Whether the ids of a class are in order, and its ranks, if it has some, are those of its ids.
static bool
is_class_sane(const struct block *block, int class)
{
    size_t first = block->header->first[class], end = block->header->first[class + 1], before = first;

    for (size_t i = first; i < end; i++)
        if ((i > first && block->ids[i - 1] >= block->ids[i]) ||
            (class < BLOCK_RANKED && block->ids[i] / 64 >= block->header->n_ranks[class]))
            return false;
    if (class >= BLOCK_RANKED)
        return true;
    for (size_t i = 0; i < block->header->n_ranks[class]; i++) {
        const struct block_ranks *ranks = &block->ranks[block->header->at_ranks[class] + i];

        if (ranks->before != before)
            return false;
        for (uint64_t bits = ranks->bits; bits != 0; bits &= bits - 1, before++)
            if (before == end || block->ids[before] != i * 64 + (uint32_t)__builtin_ctzll(bits))
                return false;
    }
    return before == end;
}

bool
block_fits(const void *bytes, size_t size)
{
    const struct block_header *header = bytes;
    struct block block;

    if (size < sizeof *header || (uintptr_t)bytes % sizeof(uint64_t) != 0 || header->size != size ||
        !is_header_sane(header) || !is_laid_out(header))
        return false;
    block = block_open(bytes);
    for (int class = 0; class < BLOCK_CLASSES; class ++)
        if (!is_class_sane(&block, class))
            return false;
    for (size_t i = 0; i < header->first[BLOCK_CLASSES]; i++)
        if (block.places[i] >= header->first[BLOCK_CLASSES])
            return false;
    return true;
}
