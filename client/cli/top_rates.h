// SPDX-License-Identifier: Apache-2.0
// What happened between two answers to Status. Pure; any thread.
#ifndef CLIENT_CLI_TOP_RATES_H
#define CLIENT_CLI_TOP_RATES_H

#include "client/cli/top_view.h"
#include <stdbool.h>

#define TOP_REQUESTS_MAX 128u
#define TOP_COUNTERS_MAX 128u

// Times in microseconds, as the bound of their class; of none, any is false.
struct top_times {
    bool any;
    uint64_t p50_us, p99_us;
};

struct top_request {
    const char *name; // the sample's
    uint64_t total;   // since the start
    double rate, failed_rate;
    double mean_us; // 0 = there was none
    struct top_times times;
};

struct top_counter {
    const char *name; // the sample's
    uint64_t total;
    double rate;
};

struct top_rates {
    double seconds;
    double requests, failed; // a second
    double commits, writes, journal;
    double writes_each; // in a commit
    double cpu;         // of one core, in percent
    struct top_times commit_times;
    struct top_request by_request[TOP_REQUESTS_MAX]; // the busiest first
    size_t n_requests;
    struct top_counter counters[TOP_COUNTERS_MAX]; // those that occurred, the busiest first
    size_t n_counters;
};

void top_rates_of(const struct top_sample *before, const struct top_sample *now, struct top_rates *out);

#endif
