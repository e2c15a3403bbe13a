// SPDX-License-Identifier: Apache-2.0
// The draw: secret, seed, and the lottery ranks that follow. One thread.
#ifndef VERIFY_LOTTERY_H
#define VERIFY_LOTTERY_H

#include "client/verify/input.h"

// Holds secrets and commitments against each other, and derives the seed from them and the beacon's bytes.
void lottery_seed(const struct terms *terms, struct slice beacon, struct report *report,
                  uint8_t seed[DIGEST_BYTES]);

struct lottery {
    uint32_t *rank; // by student: place in the common lottery
    uint32_t *
        own; // by entry: place among those who list the offer, where it has a lottery of its own; NULL = none
};

// 0, or -1 without memory (reported). lottery must be all zero; lottery_free gives it back.
int lottery_draw(const struct input *input, const uint8_t seed[DIGEST_BYTES], struct report *report,
                 struct lottery *lottery);
void lottery_free(struct lottery *lottery);

// The key of an entry of a student's list, which is eligible: lower is better.
static inline uint64_t
lottery_key(const struct input *input, const struct lottery *lottery, uint32_t student, size_t entry)
{
    const struct input_entry *wish = &input->entries[entry];
    uint32_t rank = input->offers[wish->offer].own_lottery ? lottery->own[entry] : lottery->rank[student];

    return (uint64_t)wish->class << 32 | rank;
}

#endif
