// SPDX-License-Identifier: Apache-2.0
// The offers of a partner. An entry for each offer in the table partner_offer lies anywhere in it, so each
// would cost a commit a page of its own. Those of new offers are written later, all that have come together
// in order; until then an offer's row tells its partner. Inside the store only; reading is in
// store/records.h.
#ifndef STORE_PARTNER_OFFERS_H
#define STORE_PARTNER_OFFERS_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

struct txn;

// The entry of an offer that was there before goes to another partner, or goes. 0 or a fault.
int partner_offers_move(struct txn *txn, uint64_t offer, uint64_t from, uint64_t to) MUST_CHECK;
int partner_offers_delete(struct txn *txn, uint64_t offer, uint64_t partner) MUST_CHECK;

// The greatest id of an offer whose entry is written; that of any greater one is not. 0 or a fault.
int partner_offers_listed(struct txn *txn, uint64_t *last) MUST_CHECK;

// How many ids have been given since; and writing the entries of all. 0 or a fault.
int partner_offers_late(struct txn *txn, uint64_t *count) MUST_CHECK;
int partner_offers_list(struct txn *txn) MUST_CHECK;

// Lists when there are so many that looking through their rows would take long; due before a commit. 0 or a
// fault.
int partner_offers_keep_up(struct txn *txn) MUST_CHECK;

#endif
