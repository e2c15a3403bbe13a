// SPDX-License-Identifier: Apache-2.0
// A daemon's answers in the form in which those of all contestants are compared: text, a line for each query,
// "offer:score:distance_m" for each match, best first, by spaces; an offer is named by the number in its
// external id. Faults end the program with a message: it is a tool of the bench.
#ifndef TESTS_BENCH_VERIFY_H
#define TESTS_BENCH_VERIFY_H

#include "tests/bench/frames.h"

struct traffic_run;

// Sends each match request once, one after the other, and writes the answers to the file at path.
void verify_write(const struct traffic_run *run, const struct frames *frames, const char *path);

#endif
