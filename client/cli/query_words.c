// SPDX-License-Identifier: Apache-2.0
// Invariant: every member of a query has a flag.
#include "client/cli/query_words.h"
#include "client/cli/flags.h"
#include "client/cli/query_member.h"
#include <stdio.h>
#include <string.h>

// The field of a query that names no origin at all.
#define NO_ORIGIN "query.origin"

static const char *
hint_of(const struct query_member *member, const char *rest)
{
    if (strcmp(member->key, "region") == 0 || strcmp(member->key, "from") == 0)
        return CLI_HINT_REGIONS;
    return member->type == QUERY_INTERESTS && strstr(rest, ".code") != NULL ? CLI_HINT_INTERESTS : NULL;
}

void
query_words_reword(const struct verb *verb, const Kansen__V1__Status *status, struct cli_words *words)
{
    const char *rest;
    const struct query_member *member = query_member_at_path(status->field, &rest);

    (void)verb;
    if (strcmp(status->field, NO_ORIGIN) == 0) {
        snprintf(words->field, sizeof words->field, "--from");
        snprintf(words->message, sizeof words->message,
                 "nothing says where to look; give --at, --from or --postcode to measure distances from, or "
                 "--region to look in");
    }
    if (member == NULL)
        return;
    flags_spell(query_flag_of(member), words->field);
    words->hint = hint_of(member, rest);
}

void
query_words_reword_json(const Kansen__V1__Status *status, struct cli_words *words)
{
    const char *rest;
    const struct query_member *member = query_member_at_path(status->field, &rest);
    bool list;

    if (strcmp(status->field, NO_ORIGIN) == 0) {
        snprintf(words->field, sizeof words->field, "from");
        snprintf(words->message, sizeof words->message,
                 "nothing says where to look; give at, from or postcode to measure distances from, or region "
                 "to look in");
    }
    if (member == NULL)
        return;
    list = member->type == QUERY_WORDS || member->type == QUERY_TEXTS;
    snprintf(words->field, sizeof words->field, "%s%s", member->key, list ? rest : "");
    words->hint = hint_of(member, rest);
}
