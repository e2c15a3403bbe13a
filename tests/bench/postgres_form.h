// SPDX-License-Identifier: Apache-2.0
// Two ways to ask PostgreSQL for matches, both exact:
// - posting: a row for each interest of an offer, with a covering index on interest and cell; asked with
// ranges of
//   3 km cells for each wanted interest, so that one index-only scan reads little but what counts. The best
//   known.
// - postgis: a row for each offer; GiST on the position and GIN (intarray) on the interests; asked by
// ST_DWithin.
#ifndef TESTS_BENCH_POSTGRES_FORM_H
#define TESTS_BENCH_POSTGRES_FORM_H

#include "base/attr.h"
#include "tests/bench/postgres_link.h"
#include "tests/bench/top.h"

struct form {
    const char *name;  // "postgres", "postgres_postgis"
    const char *files; // sql/FILES_create.sql, ..._index, ..._session and ..._ask
    const char *copy;  // COPY statement of the offers
    int (*line)(const struct workload_offer *offer, uint32_t id, char *out,
                size_t size); // returns its length
    void (*params)(const struct workload_query *query, int32_t limit, struct link_params *out);
};

extern const struct form form_posting, form_postgis;

// folder: where the files are. Creates the tables and loads the workload's offers. 0 or LINK_FAULT.
int form_load(const struct form *form, const char *folder, PGconn *link,
              const struct workload *workload) MUST_CHECK;

// Makes a connection ready to ask. 0 or LINK_FAULT.
int form_open(const struct form *form, const char *folder, PGconn *link) MUST_CHECK;

// Asks a query on a connection that form_open made ready. 0 or LINK_FAULT.
int form_ask(const struct form *form, PGconn *link, struct link_params *params,
             const struct workload_query *query, struct top *top) MUST_CHECK;

#endif
