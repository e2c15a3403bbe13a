// SPDX-License-Identifier: Apache-2.0
// Lists that the daemon gives page by page, as many records at a time as it may. One thread.
#ifndef CLIENT_CLI_PAGES_H
#define CLIENT_CLI_PAGES_H

#include "client/cli/cli.h"

// Takes a page: the response has the body of the list that is asked for. A cli_status; anything but CLI_OK
// ends the walk.
typedef int pages_take(void *arg, const Kansen__V1__Response *page);

// Gives each page of a list to take, the first one also when it is empty. request: the message of that body,
// with its filters set. A cli_status.
int pages_each(struct cli *cli, Kansen__V1__Request__BodyCase body_case, ProtobufCMessage *request,
               pages_take *take, void *arg) MUST_CHECK;

// The records of a page, which is of a list that has them as its first member.
ProtobufCMessage *const *pages_records(const Kansen__V1__Response *page, size_t *count);

// ---- The records of a table, as they are pulled

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
