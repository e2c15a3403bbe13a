// SPDX-License-Identifier: Apache-2.0
// One offer with its records, and what a query makes of it, for an explanation.
#ifndef MATCH_ANSWER_H
#define MATCH_ANSWER_H

#include "base/arena.h"
#include "base/attr.h"
#include "match/query.h"
#include "match/score.h"
#include "store/card.h"
#include <kansen/v1/match.pb-c.h>
#include <kansen/v1/offer.pb-c.h>
#include <kansen/v1/partner.pb-c.h>

struct txn;

// An offer with its records, which live in the arena.
struct answer_offer {
    struct candidate candidate;
    struct card card;
    Kansen__V1__Offer *offer;
    Kansen__V1__Partner *partner;
};

// Reads an offer and its partner. 0, STORE_E_NOT_FOUND if there is no such offer, or a store fault.
int answer_read(struct txn *txn, uint64_t offer_id, struct arena *arena, struct answer_offer *out) MUST_CHECK;

// The match as it would stand in a page, whether the offer is eligible or not; in the arena. 0 or
// STORE_FAULT_MEMORY.
int answer_match(const struct query *query, struct answer_offer *offer, struct arena *arena,
                 Kansen__V1__Match **out) MUST_CHECK;

#endif
