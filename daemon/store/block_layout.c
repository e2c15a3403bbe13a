// SPDX-License-Identifier: Apache-2.0
// Where the parts of a block lie. Invariants: the parts lie behind each other in the order that store/block.h
// gives; a field has an array only if its values differ; the columns start BLOCK_ALIGN bytes short of a cache
// line.
#include "store/block_layout.h"

#define PAGE 4096u

void
block_layout_set(struct block_header *header)
{
    size_t slots = (size_t)header->words * 64, n_columns = header->first[BLOCK_CLASSES], at = sizeof *header;

    for (int class = 0; class < BLOCK_RANKED; class ++)
        at += header->n_ranks[class] * sizeof(struct block_ranks);
    header->at_ids = (uint32_t)at;
    at += n_columns * sizeof(uint32_t);
    header->at_places = (uint32_t)at;
    at += n_columns * sizeof(uint16_t);
    header->at_boxes = (uint32_t)block_layout_align(at, sizeof(uint32_t));
    at = header->at_boxes + header->words * sizeof(struct block_box);
    header->at_columns = (uint32_t)(block_layout_align(at + BLOCK_ALIGN, BLOCK_LINE) - BLOCK_ALIGN);
    at = header->at_columns + n_columns * header->words * sizeof(uint64_t);
    header->at_slots = (uint32_t)at;
    at += slots * sizeof(struct block_slot);
    for (int field = 0; field < BLOCK_FIELDS; field++) {
        if (header->least[field] == header->most[field])
            continue;
        header->at_fields[field] = (uint32_t)at;
        at += slots * sizeof(int32_t);
    }
    header->at_partners = (uint32_t)at;
    at += slots * sizeof(uint64_t);
    // Whole pages, so that it is always one of LMDB's large values, which are aligned.
    header->size = (uint32_t)(block_layout_align(at + BLOCK_ALIGN, PAGE) - BLOCK_ALIGN);
}
