// SPDX-License-Identifier: Apache-2.0
// Queries as people and programs write them: flags of the command line, or one JSON object. Both name the
// members of one table. What can not be expressed in the message is a fault here; the rest is for the daemon
// to judge. One thread.
#ifndef CLIENT_CLI_QUERY_H
#define CLIENT_CLI_QUERY_H

#include "client/cli/cli.h"

struct query {
    Kansen__V1__Query message;
    struct arena *arena; // memory of its members
};

// Starts an empty query. query_free gives its memory back; also safe for a zeroed one. 0 or -ENOMEM.
int query_init(struct query *query) MUST_CHECK;
void query_free(struct query *query);

// Flags of a query; their target is a struct query.
extern const struct flag query_flags[];

struct query_member;

// The name of the member's flag, without dashes.
const char *query_flag_of(const struct query_member *member);

// The words that a flag takes, one or, with *list, some of them; NULL for other flags.
const struct names *query_flag_names(const struct flag *flag, bool *list);

#define QUERY_E_BAD 1 // what was given is not allowed

#endif
