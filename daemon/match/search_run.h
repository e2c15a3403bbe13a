// SPDX-License-Identifier: Apache-2.0
// Only for search.c, bound.c and pick.c: what they share while a search runs.
#ifndef MATCH_SEARCH_RUN_H
#define MATCH_SEARCH_RUN_H

#include "match/plan.h"
#include "match/reach.h"
#include "match/score.h"
#include "match/search.h"
#include "match/sieve.h"

#define SEARCH_AHEAD 4u // blocks that are planned before their turn, so that memory can come meanwhile

// What the parts of a search cost, in units of effort: by measuring searches over 2.5 million offers.
#define SEARCH_BLOCK   40u  // planned
#define SEARCH_GROUP   20u  // of 512, its bounds
#define SEARCH_COLUMN  6u   // of a group, added up
#define SEARCH_COUNTED 600u // group whose slots are all filtered and counted
#define SEARCH_BAND    10u  // of a group
#define SEARCH_SLOT    2u   // of a band
#define SEARCH_TAKEN   4u   // slot that is near enough to be looked at
#define SEARCH_ROW     60u  // of an offer, fetched

// Slots of a group whose interest part is about the same.
struct band {
    SIEVE_ALIGNED uint64_t bits[SIEVE_WORDS];
    uint32_t sum;      // the greatest that one of them can have, in units
    uint32_t interest; // the greatest I
    float far_square;  // slots whose least distance, squared, is above this can not get into the page
    // Where slots that can not come before the last of a full rank are passed over: the rank, and the
    // greatest score that one of them can have.
    const struct rank *rank; // NULL: nowhere
    uint32_t most;
};

// A group as it is looked at.
struct group {
    size_t number;            // in its block
    struct plan *plan;        // of its block
    const uint8_t *seats;     // store/seats.h
    struct reach_point point; // for bounds of its slots' distances
    uint32_t proximity;       // greatest P that a slot of it can have
    struct sieve_sums sums;
    struct band band; // at hand
};

// What one run has at hand. There is one for each query, so it is ordered for the reader.
struct run { // NOLINT(clang-analyzer-optin.performance.Padding)
    struct search *search;
    const struct query *query;
    const struct directory *directory;
    struct reach reach;
    struct plan_query from;
    struct score_weights weights, strange_weights; // without interest for discoveries
    uint32_t best_transition;                      // greatest T that there is for this query
    bool counts;                                   // total or facets: every eligible offer is looked at
    bool passed_over;  // something was left out that may be eligible and comes behind the page
    struct plan *plan; // of the block at hand, one of plans
    SIEVE_ALIGNED uint64_t match[SIEVE_WORDS]; // slots of the group at hand that pass all that is bits
    SIEVE_ALIGNED uint64_t
        counted[BLOCK_SLOTS / 64]; // eligible slots of the block at hand, where they are counted
    struct plan plans[SEARCH_AHEAD];
    struct group groups[2]; // one that is looked at, while the memory that the one before needs is on its way
    struct group *waiting;  // that one; NULL = none
};

struct slot {
    size_t place;         // in its block
    const uint8_t *seats; // of its group
    uint32_t distance;    // metres; 0 for a remote offer
    uint32_t proximity;
};

#endif
