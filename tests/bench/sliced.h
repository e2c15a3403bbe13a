// SPDX-License-Identifier: Apache-2.0
// An index of offers in plain memory, for the flat form only: the yardstick of what one core can do. Offers
// lie in blocks of 512 that are near to each other. In a block each interest, level and kind is a column of
// 512 bits, one for each offer, so that a whole block is filtered in a few instructions. Built once, then
// read only.
#ifndef TESTS_BENCH_SLICED_H
#define TESTS_BENCH_SLICED_H

#include "base/attr.h"
#include "tests/bench/top.h"
#include <stddef.h>

struct sliced;

// An index of the workload's offers; the workload may be freed then. 0 or -ENOMEM.
int sliced_new(const struct workload *workload, struct sliced **out) MUST_CHECK;
void sliced_free(struct sliced *sliced);

// The best offers, in order; exactly those of MATCHING for a query of the flat form. One query at a time.
void sliced_ask(struct sliced *sliced, const struct workload_query *query, struct top *top);

// Bytes that the index takes.
size_t sliced_bytes(const struct sliced *sliced);

#endif
