// SPDX-License-Identifier: Apache-2.0
// Registrations in PostgreSQL: an offer with its postings in a transaction of its own, on disk before it is
// told.
#ifndef TESTS_BENCH_POSTGRES_REGISTER_H
#define TESTS_BENCH_POSTGRES_REGISTER_H

#include "base/attr.h"

struct workload;

// Loads the workload and registers offers with its values again under new external ids: from sixteen
// connections with one request in flight on each, and from one. Prints a line of JSON. 0, LINK_FAULT or
// -ENOMEM.
int register_run(const char *folder, const struct workload *workload) MUST_CHECK;

#endif
