// SPDX-License-Identifier: Apache-2.0
// Where the parts of a block lie, for making one and for telling whether bytes are one. For the block_*.c
// files only.
#ifndef STORE_BLOCK_LAYOUT_H
#define STORE_BLOCK_LAYOUT_H

#include "store/block.h"

// The least multiple of `to` that is not below `at`.
static inline size_t
block_layout_align(size_t at, size_t to)
{
    return (at + to - 1) / to * to;
}

// Fills in where the parts lie and how long the block is, from what the header says of columns, slots and
// fields; at_fields must be 0 before.
void block_layout_set(struct block_header *header);

#endif
