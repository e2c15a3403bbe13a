// SPDX-License-Identifier: Apache-2.0
// The best few of a stream of offers, in the order of MATCHING, with at most so many of one group (a partner,
// or a root interest), and whether anything follows behind them. The stream may come in any order.
#ifndef MATCH_RANK_H
#define MATCH_RANK_H

#include "base/arena.h"
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ranked {
    uint32_t score;
    // What the score was made of, and where the free seats stand, kept for the answer.
    uint32_t distance_m;
    uint16_t interest, proximity, transition;
    bool remote;
    bool all_seats;       // all that are free, not only those that are not held
    bool small;           // width of the seats
    uint16_t slot;        // in its group
    const uint8_t *seats; // of the group
    uint64_t mix;         // rank_mix(offer_id, tie_seed)
    uint64_t offer_id;
    uint64_t group; // what the cap counts
};

struct rank {
    struct ranked *best; // n of them, best first
    size_t n, limit;
    uint32_t cap;        // 0 = none
    bool seen;           // anything was added
    struct ranked worst; // of all that were added
};

// The tie order of MATCHING: a number that looks random and is the same everywhere.
uint64_t rank_mix(uint64_t offer_id, uint64_t tie_seed);

// Whether a comes before b: higher score, then lower mix, then lower id.
bool rank_before(const struct ranked *a, const struct ranked *b);

// An empty rank for at most limit offers; its memory is in the arena. 0 or STORE_FAULT_MEMORY.
int rank_init(struct rank *rank, struct arena *arena, size_t limit, uint32_t cap) MUST_CHECK;

void rank_add(struct rank *rank, const struct ranked *offer);

// Whether limit offers are there, so that a newcomer must be better than the last of them.
static inline bool
rank_is_full(const struct rank *rank)
{
    return rank->n == rank->limit;
}

// The score below which a newcomer can not get in any more; 0 while there is room.
static inline uint32_t
rank_floor(const struct rank *rank)
{
    return rank->n == rank->limit && rank->n != 0 ? rank->best[rank->n - 1].score : 0;
}

// Whether the walk that filled `best` stopped before the last of all offers: it stops as soon as it has
// limit, and offers that the cap passed over count as walked.
bool rank_follows(const struct rank *rank);

#endif
