// SPDX-License-Identifier: Apache-2.0
// Exact counts of the eligible offers per kind, partner kind, top-level interest, municipality and province.
#ifndef MATCH_FACETS_H
#define MATCH_FACETS_H

#include "base/arena.h"
#include "base/attr.h"
#include "match/query.h"
#include "store/block.h"
#include <kansen/v1/match.pb-c.h>

struct catalog;
struct facets;

// Empty counts, in the arena. NULL when memory is short.
struct facets *facets_new(const struct catalog *catalog, struct arena *arena) MUST_CHECK;

// Counts the slots of a block that are eligible: a bit each, as many words as a column of the block has.
void facets_count(struct facets *facets, const struct block *block, const uint64_t *eligible);

// The facets, all five, with the values that occur in byte order; in the arena. 0 or STORE_FAULT_MEMORY.
int facets_answer(const struct facets *facets, struct arena *arena, size_t *n,
                  Kansen__V1__Facet ***out) MUST_CHECK;

#endif
