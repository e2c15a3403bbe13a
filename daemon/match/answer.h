// SPDX-License-Identifier: Apache-2.0
// One match as a client gets it: from the row, the offer's and the partner's record, and what the query makes
// of it.
#ifndef MATCH_ANSWER_H
#define MATCH_ANSWER_H

#include "base/arena.h"
#include "base/attr.h"
#include "match/query.h"
#include "match/score.h"
#include <kansen/v1/match.pb-c.h>
#include <kansen/v1/offer.pb-c.h>
#include <kansen/v1/partner.pb-c.h>
#include <stdbool.h>

struct txn;
struct catalog;

// An offer with its records, which live in the arena.
struct answer_offer {
    struct candidate candidate;
    Kansen__V1__Offer *offer;
    Kansen__V1__Partner *partner;
};

// Reads an offer and its partner. 0, STORE_E_NOT_FOUND if there is no such offer, or a store fault.
int answer_read(struct txn *txn, uint64_t offer_id, struct arena *arena, struct answer_offer *out) MUST_CHECK;

// Makes the match; all of it lives in the arena. Without count_interest the score is that of a discovery. 0
// or STORE_FAULT_MEMORY.
int answer_match(const struct catalog *catalog, const struct query *query, struct answer_offer *offer,
                 bool count_interest, struct arena *arena, Kansen__V1__Match **out) MUST_CHECK;

#endif
