// SPDX-License-Identifier: Apache-2.0
// Partners and offers as the command line names them. One thread.
#ifndef CLIENT_CLI_VERB_RECORD_H
#define CLIENT_CLI_VERB_RECORD_H

#include "client/cli/cli.h"

// Whether text is a number above 0, and so an id.
bool verb_record_is_id(const char *text, uint64_t *id);

// Sets *id to the id of the partner or offer (by table) that text names: its id, or its external id in source
// ("" = the default), which the server is asked for. A cli_status.
int verb_record_find(struct cli *cli, const struct rows_table *table, const char *text, const char *source,
                     uint64_t *id) MUST_CHECK;

#endif
