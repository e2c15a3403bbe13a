// SPDX-License-Identifier: Apache-2.0
// Things by number: a number is a slot and how often the slot was used before, so a number is never given
// twice and an old one finds nothing. One thread.
#ifndef NET_SLOTS_H
#define NET_SLOTS_H

#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

struct slots {
    struct slot *slots;
    size_t size;   // slots that were ever made
    size_t count;  // of them in use
    uint32_t free; // first free slot, or SLOTS_NONE
};

#define SLOTS_NONE UINT32_MAX

void slots_init(struct slots *slots);
void slots_free(struct slots *slots); // not what they point to

// Puts thing (not NULL) in a slot and gives its number. 0 or -ENOMEM.
int slots_add(struct slots *slots, void *thing, uint64_t *number) MUST_CHECK;

// The thing with this number, NULL when there is none.
void *slots_get(const struct slots *slots, uint64_t number);

// Takes a thing out, which must be in.
void slots_remove(struct slots *slots, uint64_t number);

// The thing in slot place (0..size-1), NULL when that is free.
void *slots_at(const struct slots *slots, size_t place);

#endif
