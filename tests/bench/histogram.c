// SPDX-License-Identifier: Apache-2.0
// Bucket numbers: times below 2 * 128 have one each; above, a time's leading 8 bits pick its bucket.
#include "tests/bench/histogram.h"
#include <math.h>
#include <string.h>

static unsigned
shift_of(uint64_t ns)
{
    unsigned bits = ns == 0 ? 0 : 64u - (unsigned)__builtin_clzll(ns);

    return bits <= HISTOGRAM_SPLIT_BITS + 1 ? 0 : bits - HISTOGRAM_SPLIT_BITS - 1;
}

void
histogram_reset(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
}

void
histogram_add(struct histogram *histogram, uint64_t ns)
{
    unsigned shift = shift_of(ns);

    histogram->buckets[((uint64_t)shift << HISTOGRAM_SPLIT_BITS) + (ns >> shift)]++;
    histogram->count++;
    histogram->sum += ns;
    if (ns > histogram->greatest)
        histogram->greatest = ns;
}

static uint64_t
middle_of(unsigned bucket)
{
    unsigned high = bucket >> HISTOGRAM_SPLIT_BITS, shift = high < 2 ? 0 : high - 1;
    uint64_t least = (uint64_t)(bucket - (shift << HISTOGRAM_SPLIT_BITS)) << shift;

    return least + ((UINT64_C(1) << shift) - 1) / 2;
}

uint64_t
histogram_at(const struct histogram *histogram, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)histogram->count), seen = 0;

    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen >= wanted && seen > 0) {
            uint64_t middle = middle_of(bucket);

            return middle < histogram->greatest ? middle : histogram->greatest;
        }
    }
    return 0;
}
