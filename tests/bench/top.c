// SPDX-License-Identifier: Apache-2.0
// Invariant: hits are in order.
#include "tests/bench/top.h"
#include <stdbool.h>

static uint64_t
mix(uint64_t offer, uint64_t tie_seed)
{
    uint64_t z = offer * UINT64_C(0x9E3779B97F4A7C15) + tie_seed;

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static bool
before(const struct hit *a, const struct hit *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    return a->mix != b->mix ? a->mix < b->mix : a->offer < b->offer;
}

void
top_add(struct top *top, uint32_t offer, uint32_t score, uint32_t distance_m)
{
    struct hit hit = {.offer = offer, .score = score, .distance_m = distance_m};
    uint32_t place = top->n;

    if (score < top_least(top))
        return;
    hit.mix = mix(offer, top->tie_seed);
    while (place > 0 && before(&hit, &top->hits[place - 1])) {
        top->hits[place] = top->hits[place - 1];
        place--;
    }
    top->hits[place] = hit;
    if (top->n < WORKLOAD_LIMIT)
        top->n++;
}
