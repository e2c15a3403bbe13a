// SPDX-License-Identifier: Apache-2.0
// Open addressing with linear probing. Invariants: the number of slots is a power of two, and at most half of
// them are used, so that every probe ends.
#include "store/codes.h"
#include <string.h>
#include <xxhash.h>

struct slot {
    const char *text; // NULL = free
    uint32_t hash;
    uint32_t place;
};

struct codes {
    uint32_t mask;
    struct slot slots[];
};

struct codes *
codes_new(struct arena *arena, size_t count)
{
    size_t slots = 2;
    struct codes *codes;

    while (slots < 2 * count)
        slots *= 2;
    codes = arena_alloc(arena, sizeof *codes + slots * sizeof codes->slots[0]); // all free, as it is zeroed
    if (codes != NULL)
        codes->mask = (uint32_t)(slots - 1);
    return codes;
}

static uint32_t
hash_of(const char *text)
{
    return (uint32_t)XXH3_64bits(text, strlen(text));
}

void
codes_add(struct codes *codes, const char *text, uint32_t place)
{
    uint32_t hash = hash_of(text), at = hash & codes->mask;

    while (codes->slots[at].text != NULL)
        at = (at + 1) & codes->mask;
    codes->slots[at] = (struct slot){text, hash, place};
}

uint32_t
codes_find(const struct codes *codes, const char *text)
{
    uint32_t hash = hash_of(text);

    for (uint32_t at = hash & codes->mask;; at = (at + 1) & codes->mask) {
        const struct slot *slot = &codes->slots[at];

        if (slot->text == NULL)
            return CODES_NONE;
        if (slot->hash == hash && strcmp(slot->text, text) == 0)
            return slot->place;
    }
}
