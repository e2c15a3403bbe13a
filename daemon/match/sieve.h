// SPDX-License-Identifier: Apache-2.0
// Looks at the 512 slots of a group at once: whose interests may add up to enough, and who passes the filters
// that are sets. Bits in, bits out; pure; any thread. The same bytes on every processor: the wide
// instructions are chosen at run time, and plain C does the same.
#ifndef MATCH_SIEVE_H
#define MATCH_SIEVE_H

#include "match/query.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIEVE_WORDS       8u // of 64 slots: a group
#define SIEVE_PLANES      7u // bits of a sum
#define SIEVE_SUM_MAX     ((1u << SIEVE_PLANES) - 1)
#define SIEVE_FILTERS_MAX 16u
#define SIEVE_COLUMNS_MAX 256u

// Some of the columns: whoever is in one of them.
struct sieve_set {
    uint16_t first, count;
};

// What a wanted interest adds to a slot's sum, by the first of the sets that the slot is in. All that is
// added to a slot must not be more than SIEVE_SUM_MAX.
#define SIEVE_STEPS 3u // similarity 100, 60 and 30
struct sieve_wanted {
    struct sieve_set sets[SIEVE_STEPS];
    const uint64_t (*adds)[SIEVE_PLANES]; // for each step and bit of the number: all ones or 0
    bool whole;                           // only the first set has anybody
};

// What is asked of a block. A column points to the bits of the block's first slot.
struct sieve {
    const uint8_t *columns[SIEVE_COLUMNS_MAX];
    size_t n_columns;
    bool small; // a column has one word, not a multiple of SIEVE_WORDS
    struct sieve_wanted wanted[QUERY_INTERESTS_MAX];
    size_t n_wanted;                             // that anyone in the block meets
    struct sieve_set filters[SIEVE_FILTERS_MAX]; // a slot must be in each
    size_t n_filters;
};

#define SIEVE_ALIGNED _Alignas(64) // of the bits of a group: a vector that lies across lines costs two

// Bit by bit, 64 slots a word.
struct sieve_sums {
    SIEVE_ALIGNED uint64_t any[SIEVE_WORDS];    // has a wanted interest
    uint64_t good[SIEVE_WORDS];                 // whose sum is at least what was needed, and not 0
    uint64_t planes[SIEVE_PLANES][SIEVE_WORDS]; // the sums, a bit each, lowest first
};

// Adds up the interests of a group of a block. Returns whether any is good.
bool sieve_add(const struct sieve *sieve, size_t group, uint32_t need, struct sieve_sums *out);

// Raises the need for the slots that are not in a column of the group (NULL: for all): clears those of
// sums->good whose sum does not reach it.
void sieve_raise(const struct sieve *sieve, const uint8_t *except, size_t group, uint32_t need,
                 struct sieve_sums *sums);

// Clears the slots of a group that do not pass the filters, and those that are not in `also`, a column of the
// group alone.
void sieve_filter(const struct sieve *sieve, size_t group, const uint8_t *also, uint64_t bits[SIEVE_WORDS]);

// Clears the slots of a group that are in a set.
void sieve_leave_out(const struct sieve *sieve, struct sieve_set set, size_t group,
                     uint64_t bits[SIEVE_WORDS]);

// Takes the slots with the greatest sum out of sums->good, which must not be empty, into band; returns the
// sum.
uint32_t sieve_highest(struct sieve_sums *sums, uint64_t band[SIEVE_WORDS]);

// How many of the slots in n words of bits are in either column (NULL: nobody is).
uint32_t sieve_count(const uint64_t *bits, const uint8_t *a, const uint8_t *b, size_t n);

// Clears the slots whose number is not between least and most; values has one for each of n slots of the
// group.
void sieve_bound(const int32_t *values, size_t n, int32_t least, int32_t most, uint64_t bits[SIEVE_WORDS]);

// The variants, for tests: 0 is plain C. NULL where this processor has not so many.
struct sieve_variant {
    bool (*add)(const struct sieve *sieve, size_t group, uint32_t need, struct sieve_sums *out);
    void (*filter)(const struct sieve *sieve, size_t group, const uint8_t *also, uint64_t bits[SIEVE_WORDS]);
    uint32_t (*highest)(struct sieve_sums *sums, uint64_t band[SIEVE_WORDS]);
    uint32_t (*count)(const uint64_t *bits, const uint8_t *a, const uint8_t *b, size_t n);
    void (*bound)(const int32_t *values, size_t n, int32_t least, int32_t most, uint64_t bits[SIEVE_WORDS]);
};
const struct sieve_variant *sieve_variant(unsigned number);

#endif
