// SPDX-License-Identifier: Apache-2.0
// A query written as a JSON object. One thread.
#ifndef CLIENT_CLI_QUERY_JSON_H
#define CLIENT_CLI_QUERY_JSON_H

#include "client/cli/query.h"
#include <jansson.h>

// A fault in a query: the member to blame and what is wrong.
struct query_json_fault {
    char field[64]; // "levels[2]", or ""
    struct column_message message;
};

// Reads a query from one line of JSON, which ends in NUL, into an empty query. 0, QUERY_E_BAD with fault set,
// or -ENOMEM.
int query_json_read(struct query *query, const char *line, size_t len,
                    struct query_json_fault *fault) MUST_CHECK;

#endif
