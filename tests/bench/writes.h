// SPDX-License-Identifier: Apache-2.0
// Writes to measure with: registrations of offers and reservations of seats, each with a serial number that
// makes it another one every time that it is sent. Faults end the program with a message: it is a tool of the
// bench.
#ifndef TESTS_BENCH_WRITES_H
#define TESTS_BENCH_WRITES_H

#include "tests/bench/frames.h"

// Adds requests that create the first most offers of a CSV file as `kansenctl import offers` reads it, under
// external ids of prefix and a serial number. Their partners must be in the store.
void writes_add_offers(struct frames *frames, const char *path, size_t most, const char *prefix);

// Adds requests that ask for a seat of the offers with the ids first to last, for students whose reference is
// prefix and a serial number.
void writes_add_reservations(struct frames *frames, uint64_t first, uint64_t last, const char *prefix);

#endif
