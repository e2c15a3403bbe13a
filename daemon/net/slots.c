// SPDX-License-Identifier: Apache-2.0
// Invariant: the free slots form a list; a slot's use is counted up when its thing is taken out.
#include "net/slots.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct slot {
    void *thing; // NULL = free
    uint32_t use;
    uint32_t next_free;
};

void
slots_init(struct slots *slots)
{
    *slots = (struct slots){.free = SLOTS_NONE};
}

void
slots_free(struct slots *slots)
{
    free(slots->slots);
    slots_init(slots);
}

static int
grow(struct slots *slots)
{
    size_t size = slots->size == 0 ? 64 : slots->size * 2;
    struct slot *more = realloc(slots->slots, size * sizeof *more);

    if (more == NULL)
        return -ENOMEM;
    for (size_t i = size; i > slots->size; i--) { // so that the smallest comes first
        more[i - 1] = (struct slot){.next_free = slots->free};
        slots->free = (uint32_t)(i - 1);
    }
    slots->slots = more;
    slots->size = size;
    return 0;
}

int
slots_add(struct slots *slots, void *thing, uint64_t *number)
{
    struct slot *slot;

    if (slots->free == SLOTS_NONE && grow(slots) != 0)
        return -ENOMEM;
    slot = &slots->slots[slots->free];
    *number = (uint64_t)slot->use << 32 | slots->free;
    slots->free = slot->next_free;
    slot->thing = thing;
    slots->count++;
    return 0;
}

void *
slots_get(const struct slots *slots, uint64_t number)
{
    size_t place = (uint32_t)number;

    if (place >= slots->size || slots->slots[place].use != number >> 32)
        return NULL;
    return slots->slots[place].thing;
}

void
slots_remove(struct slots *slots, uint64_t number)
{
    struct slot *slot = &slots->slots[(uint32_t)number];

    assert(slots_get(slots, number) != NULL);
    slot->thing = NULL;
    slot->use++;
    slot->next_free = slots->free;
    slots->free = (uint32_t)number;
    slots->count--;
}

void *
slots_at(const struct slots *slots, size_t place)
{
    return slots->slots[place].thing;
}
