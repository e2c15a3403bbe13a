// SPDX-License-Identifier: Apache-2.0
// What is told of a histogram; what is added to one is in the header, as it is on the way of each request.
#include "base/histogram.h"
#include <math.h>

uint64_t
histogram_most(unsigned bucket)
{
    unsigned shift;

    if (bucket < HISTOGRAM_SPLIT)
        return bucket;
    if (bucket >= HISTOGRAM_BUCKETS - 1)
        return UINT64_MAX;
    shift = bucket / HISTOGRAM_SPLIT - 1;
    return ((uint64_t)(HISTOGRAM_SPLIT + bucket % HISTOGRAM_SPLIT + 1) << shift) - 1;
}

void
histogram_sum(const struct histogram *histogram, struct histogram_sum *sum)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t count = atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);

        sum->counts[i] += count;
        sum->count += count;
    }
    sum->sum += atomic_load_explicit(&histogram->sum, memory_order_relaxed);
}

uint64_t
histogram_up_to(const struct histogram_sum *sum, uint64_t most)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && histogram_most(i) <= most; i++)
        count += sum->counts[i];
    return count;
}

uint64_t
histogram_quantile(const struct histogram_sum *sum, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)sum->count), seen = 0;

    if (sum->count == 0)
        return 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
        seen += sum->counts[i];
        if (seen >= wanted && seen > 0)
            return histogram_most(i);
    }
    return UINT64_C(1) << HISTOGRAM_POWERS;
}
