// SPDX-License-Identifier: Apache-2.0
// match --batch: many queries, pipelined, answered in their order. One thread.
#ifndef CLIENT_CLI_BATCH_H
#define CLIENT_CLI_BATCH_H

#include "client/cli/cli.h"

// Reads queries from path ("-" = standard input), one JSON object a line, and prints one answer a line; a
// line that is no query, or that the server says no to, gets {"error":{..}} in its place. A reader at the
// other end of a pipe gets each answer without sending another line. CLI_NO if there was such a line. Memory
// is bounded by the requests in flight. A cli_status.
int batch_run(struct cli *cli, const char *path) MUST_CHECK;

#endif
