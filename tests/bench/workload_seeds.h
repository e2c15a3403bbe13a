// SPDX-License-Identifier: Apache-2.0
// What a workload takes from the seeds: towns (municipalities that were not merged away) and interests.
#ifndef TESTS_BENCH_WORKLOAD_SEEDS_H
#define TESTS_BENCH_WORKLOAD_SEEDS_H

#include "base/attr.h"
#include <stdint.h>

struct workload;

// Fill towns or interests of the workload, in the order of the file. 0, -ENOMEM, -errno of the file, or
// -EINVAL for a bad one; told on stderr.
int workload_seeds_towns(const char *seeds_dir, struct workload *out) MUST_CHECK;
int workload_seeds_interests(const char *seeds_dir, struct workload *out) MUST_CHECK;

// The interests of the flat form: count roots, i000, i001, ... 0 or -ENOMEM.
int workload_seeds_flat(uint32_t count, struct workload *out) MUST_CHECK;

#endif
