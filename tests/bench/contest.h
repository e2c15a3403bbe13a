// SPDX-License-Identifier: Apache-2.0
// What every contestant goes through: all queries once, with the answers written for comparison; then runs of
// the same queries, timed. One line of JSON on stdout tells the medians over the runs:
//   {"name":..,"offers":..,"queries":..,"timed":..,"runs":..,"qps_per_core":..,"p50_us":..,"p99_us":.., and
//   what else there is}
// Answers are text, a line for each query: "offer:score:distance_m" for each hit, best first, by spaces.
#ifndef TESTS_BENCH_CONTEST_H
#define TESTS_BENCH_CONTEST_H

#include "base/attr.h"
#include "tests/bench/top.h"
#include <stddef.h>
#include <stdint.h>

struct contest {
    const char *name;
    const struct workload *workload;
    const char *answers; // path, or NULL
    uint32_t timed;      // queries that are timed, the first of all
    uint32_t runs;       // at most CONTEST_RUNS
    // Answers one query. 0, or another number that ends the contest.
    int (*ask)(void *arg, const struct workload_query *query, struct top *top);
    void *arg;
};

struct contest_figures {
    double rate; // a second
    double p50_us, p99_us;
};

#define CONTEST_RUNS 7

// 0, or what ask returned, -ENOMEM, or -errno of the answers.
int contest_run(const struct contest *contest, struct contest_figures *out) MUST_CHECK;

// Prints the line of JSON; more is put before its end (",\"bytes\":..").
void contest_print(const struct contest *contest, const struct contest_figures *figures, const char *more);

// The medians, one by one, of the figures of n runs, at most CONTEST_RUNS.
struct contest_figures contest_median(const struct contest_figures *runs, size_t n);

// Writes answers, one top for each query. 0 or -errno.
int contest_write(const char *path, const struct top *tops, uint32_t n) MUST_CHECK;

// Nanoseconds of the monotonic clock.
uint64_t contest_clock(void);

// Sorts the values and returns the one with this share (0..1) below it; 0 of none.
double contest_quantile(double *values, size_t n, double share);

// Keeps this thread, and those that it starts, on a core; -1 = as it is. 0 or -errno.
int contest_pin(int core) MUST_CHECK;

// The core that this text names; -1 for NULL.
int contest_core(const char *text);

#endif
