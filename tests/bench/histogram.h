// SPDX-License-Identifier: Apache-2.0
// A histogram of times, exact to one part in 128: each power of two is split into 128 equal buckets (the idea
// of HdrHistogram). Times are whole nanoseconds; the count, the sum and the greatest are exact. One owner at
// a time.
#ifndef TESTS_BENCH_HISTOGRAM_H
#define TESTS_BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SPLIT_BITS 7u
#define HISTOGRAM_BUCKETS    ((64u - HISTOGRAM_SPLIT_BITS + 1u) << HISTOGRAM_SPLIT_BITS)

struct histogram {
    uint64_t count, sum, greatest;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

// Empties it; a zeroed one is empty too.
void histogram_reset(struct histogram *histogram);

void histogram_add(struct histogram *histogram, uint64_t ns);

// The least time that at least this share (0..1) of the times do not exceed, as the middle of its bucket and
// never above the greatest time; 0 when it is empty.
uint64_t histogram_at(const struct histogram *histogram, double share);

#endif
