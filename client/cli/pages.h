// SPDX-License-Identifier: Apache-2.0
// All records of one kind, page by page. One thread.
#ifndef CLIENT_CLI_PAGES_H
#define CLIENT_CLI_PAGES_H

#include "client/cli/cli.h"

struct pages; // a list that is read

// Starts a list of the table's records, or of the placements for NULL. filters points to a request message of
// the list with its filters set (NULL: none); it must outlive the pages. Sets *pages; pages_close gives its
// memory back. A cli_status.
int pages_open(struct cli *cli, const struct rows_table *table, ProtobufCMessage *filters,
               struct pages **pages) MUST_CHECK;
void pages_close(struct pages *pages);

// Asks for the next page; *count is 0 behind the last one. The records live until the next call. A
// cli_status.
int pages_next(struct pages *pages, ProtobufCMessage *const **records, size_t *count) MUST_CHECK;

#endif
