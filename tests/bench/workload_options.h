// SPDX-License-Identifier: Apache-2.0
// The command line that all programs on a workload share:
//   --form flat|full --offers N --queries N --seed S --skew N --seeds DIR, and what a program adds.
#ifndef TESTS_BENCH_WORKLOAD_OPTIONS_H
#define TESTS_BENCH_WORKLOAD_OPTIONS_H

#include "base/attr.h"
#include "tests/bench/workload.h"

struct workload_flag {
    const char *name;  // without the dashes; NULL ends a list
    const char *value; // what it takes, for the usage: "DIR"
    bool required;
};

// Reads the command line. values[i], which the caller has set to defaults, gets the value of flags[i].
// Defaults: flat, 250,000 offers, 2,000 queries, seed 1, skew 10, ./seeds. (With skew 0, plain Zipf, one
// interest is in half of the offers, and a database with postings is three times as slow.) 0, or 2 (wrong
// usage, told on stderr).
int workload_options_read(int argc, char **argv, struct workload_options *out,
                          const struct workload_flag *flags, const char **values) MUST_CHECK;

#endif
