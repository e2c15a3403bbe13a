// SPDX-License-Identifier: Apache-2.0
// Making a block: where the picked slots go, then which columns there are, each put together from the old
// blocks' and the rows', then the header, which needs to know how many they are, and the rest. Invariants:
// ids are sorted in each class, and each has a slot; bits of slots that are not used are 0; a field without
// an array has the same value in every slot.
#include "store/block_build.h"
#include "store/store.h"
#include <assert.h>
#include <stdlib.h>

// ---- Memory

struct block_build *
block_build_new(void)
{
    return calloc(1, sizeof(struct block_build));
}

void
block_build_free(struct block_build *build)
{
    if (build == NULL)
        return;
    free(build->columns);
    free(build->order);
    free(build->bits);
    free(build->bytes);
    free(build);
}

static int
make_bytes(struct block_build *build, size_t size)
{
    if (size > build->bytes_room) {
        free(build->bytes);
        build->bytes_room = 0;
        build->bytes = malloc(size);
        if (build->bytes == NULL)
            return STORE_FAULT_MEMORY;
        build->bytes_room = size;
    }
    memset(build->bytes, 0, size);
    return 0;
}

// ---- Which slots go where

static void
map_slots(struct block_build *build, const struct block_source *source)
{
    memset(build->n_chunks, 0, sizeof build->n_chunks);
    memset(build->n_picked, 0, sizeof build->n_picked);
    for (size_t i = 0; i < source->n_picks; i++) {
        struct block_pick pick = source->picks[i];
        struct chunk *chunk = &build->chunks[pick.part][build->n_chunks[pick.part]];

        build->n_picked[pick.part]++;
        if (i > 0 && i % 64 != 0 && pick.slot % 64 != 0 && source->picks[i - 1].part == pick.part &&
            source->picks[i - 1].slot + 1 == pick.slot) {
            chunk--;
        } else {
            *chunk = (struct chunk){
                .from = pick.slot, .to = (uint16_t)i, .turn = (uint16_t)((i - pick.slot) % 64)};
            build->n_chunks[pick.part]++;
        }
        chunk->n++;
        chunk->mask |= UINT64_C(1) << pick.slot % 64;
    }
}

// ---- The header

static void
bound_fields(struct block_header *header, const int32_t values[BLOCK_FIELDS])
{
    for (int field = 0; field < BLOCK_FIELDS; field++) {
        if (values[field] < header->least[field])
            header->least[field] = values[field];
        if (values[field] > header->most[field])
            header->most[field] = values[field];
    }
}

// The numbers of the slots that were picked of a part.
static void
bound_part(struct block_header *header, const struct block_build *build, size_t part,
           const struct block *from)
{
    int32_t values[BLOCK_FIELDS];

    if (build->n_picked[part] == from->header->used) {
        bound_fields(header, from->header->least);
        bound_fields(header, from->header->most);
        return;
    }
    for (size_t i = 0; i < build->n_chunks[part]; i++) {
        const struct chunk *chunk = &build->chunks[part][i];

        for (size_t slot = chunk->from; slot < chunk->from + (size_t)chunk->n; slot++) {
            for (int field = 0; field < BLOCK_FIELDS; field++)
                values[field] = block_field(from, field, slot);
            bound_fields(header, values);
        }
    }
}

static void
bound_all_fields(struct block_header *header, const struct block_build *build,
                 const struct block_source *source)
{
    int32_t values[BLOCK_FIELDS];

    for (int field = 0; field < BLOCK_FIELDS; field++) {
        header->least[field] = INT32_MAX;
        header->most[field] = INT32_MIN;
    }
    for (size_t part = 0; part < BLOCK_PARTS; part++)
        if (source->parts[part] != NULL)
            bound_part(header, build, part, source->parts[part]);
    for (size_t row = 0; row < source->n_rows; row++) {
        block_row_fields(&source->rows[row], values);
        bound_fields(header, values);
    }
}

// Where the ids of each class start, and the ranks over them.
static void
count_classes(struct block_header *header, const struct block_build *build)
{
    for (size_t i = 0; i < build->n_columns; i++)
        header->first[build->columns[i].id.class + 1]++;
    for (int class = 0; class < BLOCK_CLASSES; class ++)
        header->first[class + 1] = (uint16_t)(header->first[class + 1] + header->first[class]);
    for (int class = 0; class < BLOCK_RANKED; class ++) {
        size_t behind = header->first[class + 1]; // the last id is the greatest

        if (behind != header->first[class])
            header->n_ranks[class] = (uint16_t)(build->columns[behind - 1].id.id / 64 + 1);
        if (class > 0)
            header->at_ranks[class] = (uint16_t)(header->at_ranks[class - 1] + header->n_ranks[class - 1]);
    }
}

static struct block_header
make_header(const struct block_build *build, const struct block_source *source)
{
    size_t used = block_build_used(source);
    struct block_header header = {.used = (uint16_t)used, .words = (uint16_t)block_build_words(source)};

    assert(used <= (source->small ? BLOCK_SMALL_SLOTS : BLOCK_SLOTS) && used != 0);
    bound_all_fields(&header, build, source);
    count_classes(&header, build);
    block_layout_set(&header);
    return header;
}

// ---- Writing

// Writes ids and places, and the ranks over the ids of the ranked classes.
static void
write_ids(const struct block_build *build, const struct block *to)
{
    struct block_ranks *ranks = (struct block_ranks *)to->ranks;
    const struct block_header *header = to->header;

    for (size_t i = 0; i < build->n_columns; i++) {
        struct column_id id = build->columns[i].id;

        ((uint32_t *)to->ids)[i] = id.id;
        ((uint16_t *)to->places)[i] = (uint16_t)build->columns[i].place;
        if (id.class < BLOCK_RANKED)
            ranks[header->at_ranks[id.class] + id.id / 64].bits |= UINT64_C(1) << id.id % 64;
    }
    for (int class = 0; class < BLOCK_RANKED; class ++) {
        uint64_t before = header->first[class];

        for (size_t i = 0; i < header->n_ranks[class]; i++) {
            ranks[header->at_ranks[class] + i].before = before;
            before += (uint64_t)__builtin_popcountll(ranks[header->at_ranks[class] + i].bits);
        }
    }
}

static void
write_columns(const struct block_build *build, const struct block *to)
{
    size_t bytes = block_column_bytes(to);

    for (size_t i = 0; i < build->n_columns; i++)
        memcpy((uint8_t *)block_column_at(to, i), build->bits + i * to->header->words, bytes);
}

// The array of a field, or NULL.
static int32_t *
field_array(const struct block *block, int field)
{
    uint32_t at = block->header->at_fields[field];

    return at == 0 ? NULL : (int32_t *)(void *)((uint8_t *)block->header + at);
}

static void
move_field(const struct block *from, const struct block *to, int field, const struct chunk *chunk)
{
    const int32_t *values = field_array(from, field);
    int32_t *out = field_array(to, field);

    if (out != NULL && values != NULL)
        memcpy(out + chunk->to, values + chunk->from, chunk->n * sizeof *out);
    else
        for (size_t i = 0; i < chunk->n && out != NULL; i++)
            out[chunk->to + i] = from->header->least[field];
}

static void
move_slots(const struct block_build *build, size_t part, const struct block *from, const struct block *to)
{
    for (size_t i = 0; i < build->n_chunks[part]; i++) {
        const struct chunk *chunk = &build->chunks[part][i];

        memcpy((struct block_slot *)to->slots + chunk->to, from->slots + chunk->from,
               chunk->n * sizeof to->slots[0]);
        memcpy((uint64_t *)to->partners + chunk->to, from->partners + chunk->from,
               chunk->n * sizeof to->partners[0]);
        for (int field = 0; field < BLOCK_FIELDS; field++)
            move_field(from, to, field, chunk);
    }
}

static void
write_row(const struct offer_row *row, const struct block *to, size_t slot)
{
    int32_t values[BLOCK_FIELDS];

    ((struct block_slot *)to->slots)[slot] = (struct block_slot){row->position, row->offer_id};
    ((uint64_t *)to->partners)[slot] = row->partner_id;
    block_row_fields(row, values);
    for (int field = 0; field < BLOCK_FIELDS; field++)
        if (field_array(to, field) != NULL)
            field_array(to, field)[slot] = values[field];
}

static void
write_boxes(const struct block *to)
{
    for (size_t word = 0; word < to->header->words; word++) {
        struct block_box box = block_nowhere();

        for (size_t slot = word * 64; slot < (word + 1) * 64 && slot < to->header->used; slot++) {
            struct geo_point point = to->slots[slot].point;

            box = block_join(box, (struct block_box){point.lat_e6, point.lat_e6, point.lon_e6, point.lon_e6});
        }
        ((struct block_box *)to->boxes)[word] = box;
    }
}

int
block_build(struct block_build *build, const struct catalog *catalog, const struct block_source *source,
            const void **bytes, size_t *size)
{
    struct block_header header;
    struct block to;

    assert(source->n_rows <= BLOCK_SMALL_SLOTS);
    map_slots(build, source);
    if (block_columns_find(build, catalog, source) != 0)
        return STORE_FAULT_MEMORY;
    header = make_header(build, source);
    if (make_bytes(build, header.size) != 0)
        return STORE_FAULT_MEMORY;
    memcpy(build->bytes, &header, sizeof header);
    to = block_open(build->bytes);
    write_ids(build, &to);
    write_columns(build, &to);
    for (size_t part = 0; part < BLOCK_PARTS; part++)
        if (source->parts[part] != NULL)
            move_slots(build, part, source->parts[part], &to);
    for (size_t row = 0; row < source->n_rows; row++)
        write_row(&source->rows[row], &to, source->n_picks + row);
    write_boxes(&to);
    *bytes = build->bytes;
    *size = header.size;
    return 0;
}
