// SPDX-License-Identifier: Apache-2.0
// Writes a workload in the forms that Kansen takes in: CSV for `kansenctl import`, seeds for `kansend
// --seeds`, JSON lines for `kansenctl match --batch`, and frames of requests for a load generator.
#ifndef TESTS_BENCH_WORKLOAD_FILES_H
#define TESTS_BENCH_WORKLOAD_FILES_H

#include "base/attr.h"
#include <stdio.h>

struct workload;

// Each returns 0 or -EIO; errors of the stream are sticky, so close it with a check.
int workload_files_partners(const struct workload *workload, FILE *file) MUST_CHECK;
int workload_files_offers(const struct workload *workload, FILE *file) MUST_CHECK;
int workload_files_interests(const struct workload *workload, FILE *file) MUST_CHECK; // flat form
int workload_files_queries(const struct workload *workload, FILE *file) MUST_CHECK;

// Query n, from 0, as a kansen.v1.Request with the id n + 1 behind its length (proto/frame.h). 0, -EIO or
// -ENOMEM.
int workload_files_requests(const struct workload *workload, FILE *file) MUST_CHECK;

#endif
