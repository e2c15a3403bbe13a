// SPDX-License-Identifier: Apache-2.0
// Partners and offers as the command line names them. One thread.
#ifndef CLIENT_CLI_VERB_RECORD_H
#define CLIENT_CLI_VERB_RECORD_H

#include "client/cli/cli.h"

// Whether text is a number above 0, and so an id.
bool verb_record_is_id(const char *text, uint64_t *id);

// How people name a partner or an offer. With a source ("" = none) it is an external id of that source;
// without, a number or id:N is an id (0 in *id where none can be) and anything else an external id. ext:X is
// always the external id X. Sets *id, or *external_id (inside text). Whether it is an id.
bool verb_record_names_id(const char *text, const char *source, uint64_t *id, const char **external_id);

// Sets *id to the id of the partner or offer (by table) that text names so; the server is asked where it
// takes that. A cli_status.
int verb_record_find(struct cli *cli, const struct rows_table *table, const char *text, const char *source,
                     uint64_t *id) MUST_CHECK;

#endif
