// SPDX-License-Identifier: Apache-2.0
// The seats of a group of slots: what changes with each placement lies in a value of its own, so that a
// reservation rewrites one page and no block. Pure.
//
//   three columns of bits, `width` bytes each | free seats for a referred student, u16 for each slot | free
//   seats for anyone while the reserve has not opened, u16 for each slot
#ifndef STORE_SEATS_H
#define STORE_SEATS_H

#include "store/block.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum seats_bit {
    SEATS_PRESENT,  // the slot stands for its offer; else it was given up
    SEATS_REFERRED, // offer open, partner active, and a seat is free for a referred student or once the
                    // reserve opens
    SEATS_GENERAL,  // the same for anyone
    SEATS_BITS,
};

// Bytes of a column of a group, in a small block or a full one; of the whole value; of the largest one.
static inline size_t
seats_width(bool small)
{
    return small ? BLOCK_SMALL_SLOTS / 8 : BLOCK_GROUP_BYTES;
}

static inline size_t
seats_size(size_t width)
{
    return SEATS_BITS * width + 2 * 8 * width * sizeof(uint16_t);
}

#define SEATS_SIZE_MAX (SEATS_BITS * BLOCK_GROUP_BYTES + 2 * BLOCK_GROUP * sizeof(uint16_t))

static inline const uint8_t *
seats_column(const uint8_t *seats, enum seats_bit bit, size_t width)
{
    return seats + bit * width;
}

// Where the free seats of a slot of the group stand.
static inline size_t
seats_free_at(size_t width, bool referred, size_t slot)
{
    return SEATS_BITS * width + ((referred ? 0 : 8 * width) + slot) * sizeof(uint16_t);
}

static inline uint16_t
seats_free(const uint8_t *seats, size_t width, bool referred, size_t slot)
{
    uint16_t free;

    memcpy(&free, seats + seats_free_at(width, referred, slot), sizeof free);
    return free;
}

#endif
