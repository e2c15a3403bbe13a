// SPDX-License-Identifier: Apache-2.0
// Keeping the offer rows in step with what they are derived from. Inside the store only.
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "base/arena.h"
#include "base/attr.h"
#include "store/offer_row.h"

// Derives the row of an offer; seats taken are 0 in it. A pure function of its arguments.
void index_derive(const struct catalog *catalog, const Kansen__V1__Offer *offer,
                  const Kansen__V1__Partner *partner, struct offer_row *out);

// Writes row, card and block of an offer, new or changed; keeps the seats taken that are stored. 0 or a
// fault.
int index_put(struct txn *txn, const Kansen__V1__Offer *offer, const Kansen__V1__Partner *partner) MUST_CHECK;

// Removes an offer from rows and blocks. 0 or a fault.
int index_delete(struct txn *txn, uint64_t offer_id) MUST_CHECK;

// Takes (above 0) or gives back (below 0) seats of an offer, of which `referred` by referred students. 0 or a
// fault.
int index_take_seats(struct txn *txn, uint64_t offer_id, int seats, int referred) MUST_CHECK;

// Derives the rows and cards of all offers of a partner again. 0 or a fault.
int index_refresh_partner(struct txn *txn, const Kansen__V1__Partner *partner) MUST_CHECK;

// Derives all rows and cards again; due when regions have changed: any offer may lie in one that was moved,
// renamed or merged away, or nearest to one. 0 or a fault.
int index_refresh_places(struct txn *txn) MUST_CHECK;

#endif
