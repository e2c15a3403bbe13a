// SPDX-License-Identifier: Apache-2.0
// Open addressing with linear probing; keys lie one behind the other in a buffer. Invariants: size is a power
// of two, and at most half of the slots are used.
#include "proto/keyset.h"
#include "base/buf.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 1024u

struct slot {
    uint64_t hash;
    size_t line;   // 0 = free
    size_t offset; // of the key
    size_t len;
};

struct keyset {
    struct slot *slots;
    size_t size, used;
    struct buf keys;
};

struct keyset *
keyset_new(void)
{
    struct keyset *set = calloc(1, sizeof *set);

    if (set == NULL)
        return NULL;
    set->slots = calloc(FIRST_SIZE, sizeof *set->slots);
    if (set->slots == NULL) {
        free(set);
        return NULL;
    }
    set->size = FIRST_SIZE;
    return set;
}

void
keyset_free(struct keyset *set)
{
    if (set == NULL)
        return;
    free(set->slots);
    buf_free(&set->keys);
    free(set);
}

// FNV-1a, 64 bits.
static uint64_t
hash_of(const char *key, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static int
grow(struct keyset *set)
{
    size_t size = set->size * 2;
    struct slot *slots = calloc(size, sizeof *slots);

    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < set->size; i++) {
        size_t at = set->slots[i].hash & (size - 1);

        if (set->slots[i].line == 0)
            continue;
        while (slots[at].line != 0)
            at = (at + 1) & (size - 1);
        slots[at] = set->slots[i];
    }
    free(set->slots);
    set->slots = slots;
    set->size = size;
    return 0;
}

int
keyset_add(struct keyset *set, const char *key, size_t len, size_t line, size_t *first_line)
{
    uint64_t hash = hash_of(key, len);
    struct slot *slot;
    size_t at;

    if (set->used >= set->size / 2 && grow(set) != 0)
        return -ENOMEM;
    for (at = hash & (set->size - 1);; at = (at + 1) & (set->size - 1)) {
        slot = &set->slots[at];
        if (slot->line == 0)
            break;
        if (slot->hash == hash && slot->len == len &&
            memcmp(buf_bytes(&set->keys) + slot->offset, key, len) == 0) {
            *first_line = slot->line;
            return KEYSET_E_KNOWN;
        }
    }
    *slot = (struct slot){hash, line, buf_len(&set->keys), len};
    if (buf_append(&set->keys, key, len) != 0) {
        slot->line = 0;
        return -ENOMEM;
    }
    set->used++;
    return 0;
}
