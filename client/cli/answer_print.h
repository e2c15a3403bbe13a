// SPDX-License-Identifier: Apache-2.0
// Answers to match and explain as tables for people, on standard output. 0, or -1 when memory was short. One
// thread.
#ifndef CLIENT_CLI_ANSWER_PRINT_H
#define CLIENT_CLI_ANSWER_PRINT_H

#include "base/attr.h"
#include <kansen/v1/protocol.pb-c.h>

int answer_print_match(const Kansen__V1__Query *query, const Kansen__V1__MatchResponse *answer) MUST_CHECK;
int answer_print_explain(uint64_t offer_id, const Kansen__V1__Query *query,
                         const Kansen__V1__ExplainResponse *answer) MUST_CHECK;

#endif
