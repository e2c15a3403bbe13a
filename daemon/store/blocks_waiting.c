// SPDX-License-Identifier: Apache-2.0
// Offers that wait for their blocks. Invariants: ids[i] is the offer of rows[i], and none is there twice. The
// ids lie apart so that looking for one, which every change of an offer does, reads few lines of memory.
#include "store/blocks_waiting.h"
#include "store/key.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 1024u

struct place {
    bool remote;
    uint64_t code, offer;
    uint32_t number;
};

struct blocks_waiting {
    size_t n;
    uint64_t ids[WAITING_MAX];
    struct offer_row rows[WAITING_MAX], unsorted[WAITING_MAX];
    struct place places[WAITING_MAX];
};

struct blocks_waiting *
blocks_waiting_new(void)
{
    return calloc(1, sizeof(struct blocks_waiting));
}

void
blocks_waiting_free(struct blocks_waiting *waiting)
{
    free(waiting);
}

void
blocks_waiting_clear(struct blocks_waiting *waiting)
{
    waiting->n = 0;
}

bool
blocks_waiting_add(struct blocks_waiting *waiting, const struct offer_row *row)
{
    assert(waiting->n < WAITING_MAX);
    waiting->ids[waiting->n] = row->offer_id;
    waiting->rows[waiting->n++] = *row;
    return waiting->n == WAITING_MAX;
}

// The place of an offer, or n.
static size_t
find(const struct blocks_waiting *waiting, uint64_t offer)
{
    size_t place = 0;

    while (place < waiting->n && waiting->ids[place] != offer)
        place++;
    return place;
}

bool
blocks_waiting_take(struct blocks_waiting *waiting, uint64_t offer)
{
    size_t place = find(waiting, offer);

    if (place == waiting->n)
        return false;
    waiting->n--;
    waiting->ids[place] = waiting->ids[waiting->n];
    waiting->rows[place] = waiting->rows[waiting->n];
    return true;
}

bool
blocks_waiting_replace(struct blocks_waiting *waiting, const struct offer_row *row)
{
    size_t place = find(waiting, row->offer_id);

    if (place == waiting->n)
        return false;
    waiting->rows[place] = *row;
    return true;
}

static int
compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->remote != y->remote)
        return x->remote ? 1 : -1;
    if (x->code != y->code)
        return x->code < y->code ? -1 : 1;
    return x->offer < y->offer ? -1 : x->offer > y->offer;
}

size_t
blocks_waiting_sort(struct blocks_waiting *waiting)
{
    memcpy(waiting->unsorted, waiting->rows, waiting->n * sizeof waiting->rows[0]);
    for (size_t i = 0; i < waiting->n; i++) {
        const struct offer_row *row = &waiting->rows[i];
        bool remote = (row->flags & OFFER_ROW_REMOTE) != 0;

        waiting->places[i] =
            (struct place){remote, remote ? 0 : key_morton(row->position), row->offer_id, (uint32_t)i};
    }
    qsort(waiting->places, waiting->n, sizeof waiting->places[0], compare_places);
    for (size_t i = 0; i < waiting->n; i++) {
        waiting->rows[i] = waiting->unsorted[waiting->places[i].number];
        waiting->ids[i] = waiting->rows[i].offer_id;
    }
    return waiting->n;
}

const struct offer_row *
blocks_waiting_at(const struct blocks_waiting *waiting, size_t place)
{
    return &waiting->rows[place];
}
