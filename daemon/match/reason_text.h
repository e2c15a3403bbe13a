// SPDX-License-Identifier: Apache-2.0
// A reason in words: what the query asks on that point, and what the offer has. For people, in English, one
// line.
#ifndef MATCH_REASON_TEXT_H
#define MATCH_REASON_TEXT_H

#include "base/arena.h"
#include "base/attr.h"
#include "match/answer.h"
#include "match/query.h"
#include <kansen/v1/match.pb-c.h>

struct catalog;

struct reason_text_about {
    const struct catalog *catalog;
    const struct query *query;
    const Kansen__V1__Query *wire;
    struct answer_offer *offer;
};

// Sets both texts, in the arena. reason is one that fails. 0 or STORE_FAULT_MEMORY.
int reason_text(const struct reason_text_about *about, Kansen__V1__Reason reason, struct arena *arena,
                char **wanted, char **offered) MUST_CHECK;

#endif
