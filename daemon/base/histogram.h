// SPDX-License-Identifier: Apache-2.0
// How often values of each size occurred, for times and sizes: each power of two is split into four buckets,
// so a quantile is told to within an eighth. One thread adds, which costs two plain additions and takes no
// memory; any thread sums at the same time and sees each addition whole, perhaps a moment late.
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_SPLIT   4u  // buckets of a power of two
#define HISTOGRAM_POWERS  26u // values from 1 << HISTOGRAM_POWERS on have one bucket together, the last one
#define HISTOGRAM_BUCKETS (HISTOGRAM_SPLIT * (HISTOGRAM_POWERS - 1) + 1)

// All zero at first.
struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum;
};

// Several histograms as one, at some moment.
struct histogram_sum {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count; // of all of them
    uint64_t sum;   // of the values
};

// The bucket of a value. Values below HISTOGRAM_SPLIT have one each.
static inline unsigned
histogram_bucket(uint64_t value)
{
    unsigned power;

    if (value < HISTOGRAM_SPLIT)
        return (unsigned)value;
    if (value >> HISTOGRAM_POWERS != 0)
        return HISTOGRAM_BUCKETS - 1;
    power = 63u - (unsigned)__builtin_clzll(value);
    return HISTOGRAM_SPLIT * (power - 1) + (unsigned)(value >> (power - 2) & (HISTOGRAM_SPLIT - 1));
}

// The thread that the histogram is of.
static inline void
histogram_add(struct histogram *histogram, uint64_t value)
{
    _Atomic uint64_t *count = &histogram->counts[histogram_bucket(value)];

    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
    atomic_store_explicit(&histogram->sum,
                          atomic_load_explicit(&histogram->sum, memory_order_relaxed) + value,
                          memory_order_relaxed);
}

// The greatest value of a bucket; UINT64_MAX for the last one.
uint64_t histogram_most(unsigned bucket);

// Adds a histogram to sum, which starts as zeros. Any thread.
void histogram_sum(const struct histogram *histogram, struct histogram_sum *sum);

// How many values are at most `most`, which must be what histogram_most says of some bucket.
uint64_t histogram_up_to(const struct histogram_sum *sum, uint64_t most);

// The value that at least this share (0..1) of all do not exceed, as the greatest of its bucket, and 1 <<
// HISTOGRAM_POWERS where it lies in the last one; 0 when there are none.
uint64_t histogram_quantile(const struct histogram_sum *sum, double share);

#endif
