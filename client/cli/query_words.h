// SPDX-License-Identifier: Apache-2.0
// What the server says about a query in the words of who wrote it: flags, or keys of JSON. One thread.
#ifndef CLIENT_CLI_QUERY_WORDS_H
#define CLIENT_CLI_QUERY_WORDS_H

#include "client/cli/cli.h"

// Put the flag ("--level"), or the key ("levels[1]"), in the place of a field of the query, and a hint where
// codes can be looked up. words start as the server's and stay so where the field is none of a query.
void query_words_reword(const struct verb *verb, const Kansen__V1__Status *status, struct cli_words *words);
void query_words_reword_json(const Kansen__V1__Status *status, struct cli_words *words);

#endif
