// SPDX-License-Identifier: Apache-2.0
// Writing cards, inside a write transaction. Inside the store only.
#ifndef STORE_CARD_WRITE_H
#define STORE_CARD_WRITE_H

#include "store/card.h"

struct catalog;

// Writes the card of an offer; row is its row. 0 or a fault.
int card_put(struct txn *txn, const struct catalog *catalog, const Kansen__V1__Offer *offer,
             const Kansen__V1__Partner *partner, const struct offer_row *row) MUST_CHECK;

// Removes it. 0, STORE_E_NOT_FOUND or a fault.
int card_delete(struct txn *txn, uint64_t offer_id) MUST_CHECK;

// Whether the card that is stored is the one that follows from the records: sets *good. 0 or a fault.
int card_check(struct txn *txn, const struct catalog *catalog, const Kansen__V1__Offer *offer,
               const Kansen__V1__Partner *partner, const struct offer_row *row, bool *good) MUST_CHECK;

// How many cards there are. 0 or a fault.
int card_count(struct txn *txn, uint64_t *count) MUST_CHECK;

#endif
