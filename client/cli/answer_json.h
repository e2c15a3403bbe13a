// SPDX-License-Identifier: Apache-2.0
// Answers to match and explain as JSON. What the query did not ask for (total, facets, discoveries) and what
// is absent (distance_m of a remote offer, next_cursor of the last page) has no key. NULL when memory is
// short. One thread.
#ifndef CLIENT_CLI_ANSWER_JSON_H
#define CLIENT_CLI_ANSWER_JSON_H

#include "base/attr.h"
#include <jansson.h>
#include <kansen/v1/protocol.pb-c.h>

json_t *answer_json_match(const Kansen__V1__Query *query, const Kansen__V1__MatchResponse *answer) MUST_CHECK;
json_t *answer_json_explain(uint64_t offer_id, const Kansen__V1__ExplainResponse *answer) MUST_CHECK;

// The text of the next cursor, "" if nothing follows; free() it.
char *answer_json_cursor(const Kansen__V1__MatchResponse *answer) MUST_CHECK;

#endif
