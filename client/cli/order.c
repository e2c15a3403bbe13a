// SPDX-License-Identifier: Apache-2.0
// Rows are sorted by rank, then walked depth first through what they name. Invariant: a row is given out
// once; done is set before its needs are followed, so that a circle ends. The depth of the walk is bounded by
// DEPTH_MAX.
#include "client/cli/order.h"
#include "base/arena.h"
#include "base/buf.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX (1u << 30) // bytes of one table: far above any that a daemon takes
#define DEPTH_MAX  64u        // of a chain of parents and successors

struct row {
    const char *code;
    unsigned rank;
    bool done;
    size_t line;
    const Kansen__V1__Write *write;
};

struct order {
    const struct rows_table *table;
    struct arena *arena;
    struct buf packed;
    struct row *rows;
    size_t count, room;
    struct row **by_code; // sorted
    int (*put)(void *arg, size_t line, const Kansen__V1__Write *write);
    void *arg;
};

bool
order_is_needed(const struct rows_table *table)
{
    return table == &rows_regions || table == &rows_interests;
}

struct order *
order_new(const struct rows_table *table)
{
    struct order *order = calloc(1, sizeof *order);

    if (order == NULL)
        return NULL;
    order->table = table;
    order->arena = arena_new(MEMORY_MAX);
    if (order->arena == NULL) {
        free(order);
        return NULL;
    }
    return order;
}

void
order_free(struct order *order)
{
    if (order == NULL)
        return;
    arena_free(order->arena);
    buf_free(&order->packed);
    free(order->rows);
    free(order->by_code);
    free(order);
}

static unsigned
region_rank(const Kansen__V1__Region *region)
{
    static const unsigned ranks[] = {
        [KANSEN__V1__REGION_TYPE__REGION_TYPE_UNSPECIFIED] = 5,
        [KANSEN__V1__REGION_TYPE__REGION_TYPE_COUNTRY] = 0,
        [KANSEN__V1__REGION_TYPE__REGION_TYPE_PROVINCE] = 1,
        [KANSEN__V1__REGION_TYPE__REGION_TYPE_LABOUR_MARKET_REGION] = 2,
        [KANSEN__V1__REGION_TYPE__REGION_TYPE_SCHOOL_DROPOUT_REGION] = 2,
        [KANSEN__V1__REGION_TYPE__REGION_TYPE_ALLIANCE_REGION] = 2,
        [KANSEN__V1__REGION_TYPE__REGION_TYPE_MUNICIPALITY] = 3,
        [KANSEN__V1__REGION_TYPE__REGION_TYPE_PLACE] = 4,
    };

    return ranks[region->type] + (region->successor[0] != '\0' ? 6 : 0);
}

static unsigned
interest_rank(const Kansen__V1__Interest *interest)
{
    unsigned dots = 0;

    for (const char *c = interest->code; *c != '\0'; c++)
        dots += *c == '.';
    return dots;
}

int
order_add(struct order *order, size_t line, const Kansen__V1__Write *write)
{
    size_t size = kansen__v1__write__get_packed_size(write);
    uint8_t *packed = buf_reserve(&order->packed, size);
    Kansen__V1__Write *copy;

    if (order->count == order->room) {
        size_t room = order->room == 0 ? 1024 : order->room * 2;
        struct row *rows = reallocarray(order->rows, room, sizeof *rows);

        if (rows == NULL)
            return -ENOMEM;
        order->rows = rows;
        order->room = room;
    }
    if (packed == NULL)
        return -ENOMEM;
    kansen__v1__write__pack(write, packed);
    copy = kansen__v1__write__unpack(arena_allocator(order->arena), size, packed);
    if (copy == NULL)
        return -ENOMEM;
    order->rows[order->count++] = order->table == &rows_regions
                                      ? (struct row){.code = copy->upsert_region->region->code,
                                                     .rank = region_rank(copy->upsert_region->region),
                                                     .line = line,
                                                     .write = copy}
                                      : (struct row){.code = copy->upsert_interest->interest->code,
                                                     .rank = interest_rank(copy->upsert_interest->interest),
                                                     .line = line,
                                                     .write = copy};
    return 0;
}

static int
compare_rank(const void *a, const void *b)
{
    const struct row *left = a, *right = b;

    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return left->line < right->line ? -1 : left->line > right->line;
}

static int
compare_code(const void *a, const void *b)
{
    const struct row *const *left = a, *const *right = b;

    return strcmp((*left)->code, (*right)->code);
}

static struct row *
find(const struct order *order, const char *code)
{
    const struct row key = {.code = code}, *key_pointer = &key;
    struct row **found = bsearch(&key_pointer, order->by_code, order->count, sizeof(void *), compare_code);

    return found != NULL ? *found : NULL;
}

// Gives out a row behind what it names.
static int
visit(struct order *order, struct row *row, unsigned depth)
{
    int result = 0;

    if (row == NULL || row->done)
        return 0;
    row->done = true;
    if (order->table == &rows_regions && depth < DEPTH_MAX) {
        const Kansen__V1__Region *region = row->write->upsert_region->region;

        for (size_t i = 0; i < region->n_parents && result == 0; i++)
            result = visit(order, find(order, region->parents[i]), depth + 1);
        if (result == 0)
            result = visit(order, find(order, region->successor), depth + 1);
    }
    return result != 0 ? result : order->put(order->arg, row->line, row->write);
}

int
order_walk(struct order *order, int (*put)(void *arg, size_t line, const Kansen__V1__Write *write), void *arg)
{
    int result = 0;

    if (order->count == 0)
        return 0;
    order->put = put;
    order->arg = arg;
    order->by_code = calloc(order->count, sizeof(void *));
    if (order->by_code == NULL)
        return -ENOMEM;
    qsort(order->rows, order->count, sizeof *order->rows, compare_rank);
    for (size_t i = 0; i < order->count; i++)
        order->by_code[i] = &order->rows[i];
    qsort(order->by_code, order->count, sizeof(void *), compare_code);
    for (size_t i = 0; i < order->count && result == 0; i++)
        result = visit(order, &order->rows[i], 0);
    return result;
}
