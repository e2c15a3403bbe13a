// SPDX-License-Identifier: Apache-2.0
// Making a block: which columns it has and how many slots are in each, where the parts lie, then the bits of
// every slot that was picked moved to its new place. Invariants: ids are sorted in each class, and each has a
// slot; bits of slots that are not used are 0; a field without an array has the same value in every slot.
#include "store/block.h"
#include "store/block_layout.h"
#include "store/block_row.h"
#include "store/store.h"
#include <assert.h>
#include <stdlib.h>

// A column of the new block.
struct column {
    struct column_id id;
    uint32_t count; // slots that are in it
    uint32_t place; // among the columns as they lie
};

struct block_build {
    struct column *columns;
    uint32_t *order; // numbers of columns, those with many slots first
    size_t n_columns, room;
    uint16_t to[BLOCK_PARTS][BLOCK_SLOTS];          // new place of a part's slots, or all bits set
    uint64_t picked[BLOCK_PARTS][BLOCK_SLOTS / 64]; // the slots that have one
    uint8_t *bytes;
    size_t bytes_room;
};

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
    free(build->bytes);
    free(build);
}

// Room for so many columns. 0 or STORE_FAULT_MEMORY.
static int
make_room(struct block_build *build, size_t most)
{
    struct column *columns;
    uint32_t *order;

    if (most <= build->room)
        return 0;
    columns = realloc(build->columns, most * sizeof *columns);
    if (columns == NULL)
        return STORE_FAULT_MEMORY;
    build->columns = columns;
    order = realloc(build->order, most * sizeof *order);
    if (order == NULL)
        return STORE_FAULT_MEMORY;
    build->order = order;
    build->room = most;
    return 0;
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
    memset(build->picked, 0, sizeof build->picked);
    for (size_t part = 0; part < BLOCK_PARTS; part++)
        if (source->parts[part] != NULL)
            memset(build->to[part], 0xFF, source->parts[part]->header->used * sizeof build->to[part][0]);
    for (size_t i = 0; i < source->n_picks; i++) {
        struct block_pick pick = source->picks[i];

        build->to[pick.part][pick.slot] = (uint16_t)i;
        build->picked[pick.part][pick.slot / 64] |= UINT64_C(1) << pick.slot % 64;
    }
}

// The word of a column of a part, cut to the slots that were picked.
static uint64_t
picked_word(const struct block_build *build, size_t part, const uint8_t *column, size_t word)
{
    uint64_t bits;

    memcpy(&bits, column + word * sizeof bits, sizeof bits);
    return bits & build->picked[part][word];
}

// ---- Which columns there are

static int
compare_ids(const void *a, const void *b)
{
    const struct column_id *x = a, *y = b;

    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

// A list of column ids that is walked in order: those of a part, or of the row.
struct ids_walk {
    const struct block *block; // NULL: of the row
    size_t part, at, n;
    const struct column_id *row_ids;
    uint32_t class;
};

static bool
walk_id(struct ids_walk *walk, struct column_id *id)
{
    if (walk->at == walk->n)
        return false;
    if (walk->block == NULL) {
        *id = walk->row_ids[walk->at];
        return true;
    }
    while (walk->at >= walk->block->header->first[walk->class + 1])
        walk->class ++;
    *id = (struct column_id){walk->class, walk->block->ids[walk->at]};
    return true;
}

// How many slots of the new block the walk's id has from there.
static uint32_t
walk_count(const struct block_build *build, const struct ids_walk *walk)
{
    uint32_t count = 0;

    if (walk->block == NULL)
        return 1;
    for (size_t word = 0; word < walk->block->header->words; word++)
        count += (uint32_t)__builtin_popcountll(
            picked_word(build, walk->part, block_column_at(walk->block, walk->at), word));
    return count;
}

// Merges the sorted lists of ids into build->columns.
static void
merge_ids(struct block_build *build, struct ids_walk *walks, size_t n_walks)
{
    build->n_columns = 0;
    for (;;) {
        struct column next = {.count = 0};
        struct column_id ids[BLOCK_PARTS + 1];
        bool any = false;

        for (size_t i = 0; i < n_walks; i++) {
            if (!walk_id(&walks[i], &ids[i]))
                continue;
            if (!any || compare_ids(&ids[i], &next.id) < 0)
                next.id = ids[i];
            any = true;
        }
        if (!any)
            return;
        for (size_t i = 0; i < n_walks; i++) {
            if (walks[i].at == walks[i].n || compare_ids(&ids[i], &next.id) != 0)
                continue;
            next.count += walk_count(build, &walks[i]);
            walks[i].at++;
        }
        if (next.count != 0)
            build->columns[build->n_columns++] = next;
    }
}

// Sorts the row's ids, each once. Returns how many are left.
static size_t
sort_ids(struct column_id *ids, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct column_id id = ids[i];
        size_t at = kept;

        while (at > 0 && compare_ids(&id, &ids[at - 1]) < 0)
            at--;
        if (at > 0 && compare_ids(&id, &ids[at - 1]) == 0)
            continue;
        memmove(&ids[at + 1], &ids[at], (kept - at) * sizeof *ids);
        ids[at] = id;
        kept++;
    }
    return kept;
}

static int
find_columns(struct block_build *build, const struct catalog *catalog, const struct block_source *source)
{
    struct column_id row_ids[BLOCK_ROW_COLUMNS_MAX];
    struct ids_walk walks[BLOCK_PARTS + 1];
    size_t n = 0, most = 0;

    for (size_t part = 0; part < BLOCK_PARTS; part++)
        if (source->parts[part] != NULL)
            walks[n++] = (struct ids_walk){.block = source->parts[part],
                                           .part = part,
                                           .n = source->parts[part]->header->first[BLOCK_CLASSES]};
    if (source->row != NULL) {
        size_t n_ids = sort_ids(row_ids, block_row_columns(catalog, source->row, row_ids));

        walks[n++] = (struct ids_walk){.n = n_ids, .row_ids = row_ids};
    }
    for (size_t i = 0; i < n; i++)
        most += walks[i].n;
    if (make_room(build, most) != 0)
        return STORE_FAULT_MEMORY;
    merge_ids(build, walks, n);
    return 0;
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

static void
bound_all_fields(struct block_header *header, const struct block_source *source)
{
    int32_t values[BLOCK_FIELDS];

    for (int field = 0; field < BLOCK_FIELDS; field++) {
        header->least[field] = INT32_MAX;
        header->most[field] = INT32_MIN;
    }
    for (size_t i = 0; i < source->n_picks; i++) {
        struct block_pick pick = source->picks[i];

        for (int field = 0; field < BLOCK_FIELDS; field++)
            values[field] = block_field(source->parts[pick.part], field, pick.slot);
        bound_fields(header, values);
    }
    if (source->row != NULL) {
        block_row_fields(source->row, values);
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
    size_t used = source->n_picks + (source->row != NULL);
    struct block_header header = {.used = (uint16_t)used};

    assert(used <= (source->small ? BLOCK_SMALL_SLOTS : BLOCK_SLOTS) && used != 0);
    header.words = source->small ? 1 : (uint16_t)(block_layout_align(used, BLOCK_GROUP) / 64);
    bound_all_fields(&header, source);
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
set_bit(const uint8_t *column, size_t slot)
{
    ((uint8_t *)column)[slot / 8] |= (uint8_t)(1u << slot % 8);
}

static void
move_columns(const struct block_build *build, const struct block *from, size_t part, const struct block *to)
{
    for (uint32_t class = 0; class < BLOCK_CLASSES; class ++) {
        for (size_t i = from->header->first[class]; i < from->header->first[class + 1]; i++) {
            const uint8_t *column = block_column(to, class, from->ids[i]);

            for (size_t word = 0; word < from->header->words && column != NULL; word++)
                for (uint64_t bits = picked_word(build, part, block_column_at(from, i), word); bits != 0;
                     bits &= bits - 1)
                    set_bit(column, build->to[part][word * 64 + (size_t)__builtin_ctzll(bits)]);
        }
    }
}

static void
set_field(const struct block *block, int field, size_t slot, int32_t value)
{
    uint32_t at = block->header->at_fields[field];

    if (at != 0)
        ((int32_t *)(void *)((uint8_t *)block->header + at))[slot] = value;
}

static void
move_slots(const struct block_source *source, const struct block *to)
{
    for (size_t i = 0; i < source->n_picks; i++) {
        struct block_pick pick = source->picks[i];
        const struct block *from = source->parts[pick.part];

        ((struct block_slot *)to->slots)[i] = from->slots[pick.slot];
        ((uint64_t *)to->partners)[i] = from->partners[pick.slot];
        for (int field = 0; field < BLOCK_FIELDS; field++)
            set_field(to, field, i, block_field(from, field, pick.slot));
    }
}

static void
write_row(const struct catalog *catalog, const struct offer_row *row, const struct block *to, size_t slot)
{
    struct column_id ids[BLOCK_ROW_COLUMNS_MAX];
    int32_t values[BLOCK_FIELDS];
    size_t n = block_row_columns(catalog, row, ids);

    for (size_t i = 0; i < n; i++)
        set_bit(block_column(to, ids[i].class, ids[i].id), slot);
    ((struct block_slot *)to->slots)[slot] = (struct block_slot){row->position, row->offer_id};
    ((uint64_t *)to->partners)[slot] = row->partner_id;
    block_row_fields(row, values);
    for (int field = 0; field < BLOCK_FIELDS; field++)
        set_field(to, field, slot, values[field]);
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

    map_slots(build, source);
    if (find_columns(build, catalog, source) != 0)
        return STORE_FAULT_MEMORY;
    order_columns(build, source->small);
    header = make_header(build, source);
    if (make_bytes(build, header.size) != 0)
        return STORE_FAULT_MEMORY;
    memcpy(build->bytes, &header, sizeof header);
    to = block_open(build->bytes);
    write_ids(build, &to);
    for (size_t part = 0; part < BLOCK_PARTS; part++)
        if (source->parts[part] != NULL)
            move_columns(build, source->parts[part], part, &to);
    move_slots(source, &to);
    if (source->row != NULL)
        write_row(catalog, source->row, &to, source->n_picks);
    write_boxes(&to);
    *bytes = build->bytes;
    *size = header.size;
    return 0;
}
