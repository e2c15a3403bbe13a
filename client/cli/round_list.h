// SPDX-License-Identifier: Apache-2.0
// A student's list as one JSON object: {"student": "REF", "offers": [1, 2], "referred": true, "facts":
// {"level": "mbo3", "home": ["GM0606"]}, "keep_placement": 7, "replace": true, "issuer": "school"}, or in
// place of offers {"query": {..}, "top": 10}. One thread.
#ifndef CLIENT_CLI_ROUND_LIST_H
#define CLIENT_CLI_ROUND_LIST_H

#include "base/attr.h"
#include "client/cli/query.h"
#include "client/cli/query_json.h"
#include <kansen/v1/round.pb-c.h>

// What was read: the message, and the memory that its members point into.
struct round_list {
    Kansen__V1__SubmitRoundList message;
    struct query query;
    void *object; // json_t, whose texts the message points to
};

// Reads one line. issuer stands in where the line names none. 0, QUERY_E_BAD with fault set, or -ENOMEM.
// round_list_free is due in any case.
int round_list_read(struct round_list *list, const char *round, const char *issuer, const char *line,
                    size_t len, struct query_json_fault *fault) MUST_CHECK;
void round_list_free(struct round_list *list);

#endif
