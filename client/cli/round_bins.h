// SPDX-License-Identifier: Apache-2.0
// How many students obtained which rank, in bins that tell of nobody: kansen-record(5), RECORD. Pure.
#ifndef CLIENT_CLI_ROUND_BINS_H
#define CLIENT_CLI_ROUND_BINS_H

#include <kansen/v1/round.pb-c.h>
#include <stdbool.h>
#include <stddef.h>

#define ROUND_BINS_SMALL 10u // fewer are not told of
#define ROUND_BINS_RANKS 32u // the last rank, which counts those behind it too

// Whether a count is of so few that it may not follow from what is told.
static inline bool
round_bins_is_few(uint64_t count)
{
    return count > 0 && count < ROUND_BINS_SMALL;
}

struct round_bin {
    size_t first, last;     // ranks; 0 = none
    uint64_t all, referred; // referred counts only if told
};

struct round_bins {
    bool by_referral; // both kinds are told of
    bool joined;      // none is in one cell with the last rank, so that nobody can tell how many are placed
    size_t n;
    struct round_bin *bins; // free it
};

// Makes the bins of a round that was computed. 0 or -ENOMEM.
int round_bins_make(const Kansen__V1__Round *round, struct round_bins *out);

// Students with a rank (0 = none), all and referred.
uint64_t round_bins_count(const Kansen__V1__Round *round, size_t rank, bool referred);

#endif
