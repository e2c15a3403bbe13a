// SPDX-License-Identifier: Apache-2.0
// The best offers of one query, in the order of a match: score, highest first; then mix(offer id, tie seed),
// lowest first; then offer id. And the score of the flat form. One owner at a time.
#ifndef TESTS_BENCH_TOP_H
#define TESTS_BENCH_TOP_H

#include "tests/bench/workload.h"
#include <stdint.h>

struct hit {
    uint64_t mix;
    uint32_t offer; // id
    uint32_t score, distance_m;
};

struct top {
    uint64_t tie_seed;
    uint32_t n;
    struct hit hits[WORKLOAD_LIMIT + 1]; // the last is room to work in
};

static inline void
top_start(struct top *top, uint64_t tie_seed)
{
    top->tie_seed = tie_seed;
    top->n = 0;
}

// An offer with a lower score can not come in.
static inline uint32_t
top_least(const struct top *top)
{
    return top->n == WORKLOAD_LIMIT ? top->hits[WORKLOAD_LIMIT - 1].score : 0;
}

// Takes the offer in if it belongs there.
void top_add(struct top *top, uint32_t offer, uint32_t score, uint32_t distance_m);

// Interest part in basis points when wanted interests of this weight are met, out of total; and the score. A
// distance is at most the query's radius.
static inline uint32_t
top_interest(uint32_t met, uint32_t total)
{
    return 10000 * met / total;
}

static inline uint32_t
top_score(const struct workload_query *query, uint32_t interest, uint32_t distance_m)
{
    uint32_t wi = query->weight_interest, wp = query->weight_proximity;
    uint32_t proximity = (uint32_t)(UINT64_C(10000) * (query->radius_m - distance_m) / query->radius_m);

    return (wi * interest + wp * proximity) / (wi + wp);
}

#endif
