// SPDX-License-Identifier: Apache-2.0
// A connection to PostgreSQL, and the little that the contestants need of it: statements, COPY, and one
// prepared statement with binary parameters and results. Where to connect is told by PGHOST, PGUSER and
// PGDATABASE. Errors are told on stderr. One owner at a time.
#ifndef TESTS_BENCH_POSTGRES_LINK_H
#define TESTS_BENCH_POSTGRES_LINK_H

#include "base/attr.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#define LINK_PARAMS_MAX 24
#define LINK_BYTES_MAX  (64u << 10) // of all parameters of a statement
#define LINK_FAULT      1           // what every function returns for a fault

struct link_params {
    int count;
    const char *values[LINK_PARAMS_MAX];
    int lengths[LINK_PARAMS_MAX], formats[LINK_PARAMS_MAX];
    uint32_t used;
    char bytes[LINK_BYTES_MAX];
};

// A connection, or NULL. link_close(NULL) is safe.
PGconn *link_open(void) MUST_CHECK;
void link_close(PGconn *link);

// Runs statements, or those of the file folder/group_name.sql; results are thrown away. 0 or LINK_FAULT.
int link_run(PGconn *link, const char *sql) MUST_CHECK;
int link_run_file(PGconn *link, const char *folder, const char *group, const char *name) MUST_CHECK;

// COPY ... FROM STDIN in text form: start, any number of puts of whole lines, end. 0 or LINK_FAULT.
int link_copy_start(PGconn *link, const char *sql) MUST_CHECK;
int link_copy_put(PGconn *link, const char *text, int len) MUST_CHECK;
int link_copy_end(PGconn *link) MUST_CHECK;

// Prepares the statement of a file as the one of link_ask. 0 or LINK_FAULT.
int link_prepare_file(PGconn *link, const char *folder, const char *group, const char *name) MUST_CHECK;

// Parameters in the order of the statement; params_start empties the list.
void params_start(struct link_params *params);
void params_int4(struct link_params *params, int32_t value);
void params_float8(struct link_params *params, double value);
void params_text(struct link_params *params, const char *text);                   // kept by reference
void params_int4s(struct link_params *params, const int32_t *values, uint32_t n); // int4[]

// Runs the prepared statement. The result, to be cleared with PQclear, or NULL.
PGresult *link_ask(PGconn *link, const struct link_params *params) MUST_CHECK;

// Column of a row of such a result, int4.
int32_t link_int4(const PGresult *result, int row, int column);

#endif
