// SPDX-License-Identifier: Apache-2.0
// Whether an offer is eligible for a query, and if not, the first reason in the order of MATCHING. The scan
// and the explanation walk the same table, so they can not disagree.
#ifndef MATCH_ELIGIBLE_H
#define MATCH_ELIGIBLE_H

#include "base/arena.h"
#include "base/attr.h"
#include "match/query.h"
#include "match/score.h"
#include <kansen/v1/match.pb-c.h>
#include <stdint.h>

struct txn;
struct accredited;

// What the checks of one query need; lives as long as the query.
struct eligible {
    const struct query *query;
    struct accredited *accredited; // NULL where the query has no qualification
};

// 0 or STORE_FAULT_MEMORY.
int eligible_init(struct eligible *eligible, struct txn *txn, const struct query *query,
                  struct arena *arena) MUST_CHECK;

// Sets *reason to the first reason that fails, or to REASON_UNSPECIFIED if none does. 0 or a store fault.
int eligible_check(const struct eligible *eligible, struct candidate *candidate,
                   Kansen__V1__Reason *reason) MUST_CHECK;

// Seats of the offer that are free as this query sees them.
uint32_t eligible_seats_free(const struct query *query, const struct offer_row *row);

#endif
