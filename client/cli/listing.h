// SPDX-License-Identifier: Apache-2.0
// How the records of a list are printed: each page as a table, or each record as one JSON object. One thread.
#ifndef CLIENT_CLI_LISTING_H
#define CLIENT_CLI_LISTING_H

#include "client/cli/cli.h"
#include "client/cli/table.h"

struct listing {
    const struct table_column *columns;
    size_t n_columns;
    void (*add_row)(struct table *table, const ProtobufCMessage *record);
    int (*print_json)(const ProtobufCMessage *record); // 0, or -1 when memory is short
};

// Prints all records of a list, with the names of the columns once. request: as pages_each takes it. A
// cli_status.
int listing_print(struct cli *cli, Kansen__V1__Request__BodyCase body_case, ProtobufCMessage *request,
                  const struct listing *listing) MUST_CHECK;

#endif
