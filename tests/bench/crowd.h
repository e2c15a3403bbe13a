// SPDX-License-Identifier: Apache-2.0
// Many at once: threads that each do the same thing again and again for a while, as clients on connections of
// their own do.
#ifndef TESTS_BENCH_CROWD_H
#define TESTS_BENCH_CROWD_H

#include "base/attr.h"
#include "tests/bench/contest.h"

#define CROWD_MAX 64u

struct crowd {
    uint32_t n;     // threads, at most CROWD_MAX
    double seconds; // of a run
    uint32_t runs;  // at most CONTEST_RUNS
    void **members; // what act gets, one for each thread
    // Does it once; turn counts from 0 over all runs. 0, or another number that ends the crowd.
    int (*act)(void *member, uint64_t turn);
};

// The medians over the runs. 0, what act returned, or -ENOMEM.
int crowd_run(const struct crowd *crowd, struct contest_figures *out) MUST_CHECK;

#endif
