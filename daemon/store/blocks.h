// SPDX-License-Identifier: Apache-2.0
// The blocks of the index in their tables, inside a write transaction. Inside the store only.
//
// Offers are ordered by place: those with a position first, by Morton code (the bits of latitude and
// longitude interleaved; Morton 1966), then the remote ones; of equals by id. A full block covers a stretch
// of that order, from its key up to the next block's. A new offer goes into the small block beside the full
// one, which is cheap to rewrite; 64 of them move into the full one together; a full one that is full is cut
// in two. What a seat changes lies in values of its own (store/seats.h).
#ifndef STORE_BLOCKS_H
#define STORE_BLOCKS_H

#include "base/attr.h"
#include "store/offer_row.h"
#include <stdbool.h>

struct txn;

// Puts an offer that is in no block. It waits in txn for others that lie near it; the rest of this header
// knows it all the same, readers of the tables do not. 0 or a fault.
int blocks_put(struct txn *txn, const struct offer_row *row) MUST_CHECK;

// Writes the blocks of the offers that wait, as must be done before the commit. 0 or a fault.
int blocks_flush(struct txn *txn) MUST_CHECK;

// Takes an offer out of its block; row is what was put. 0 or a fault (CORRUPT if it is in no block).
int blocks_remove(struct txn *txn, const struct offer_row *row) MUST_CHECK;

// Writes the seats of an offer again; row is what was put, but for seats and flags. 0 or a fault.
int blocks_mark(struct txn *txn, const struct offer_row *row) MUST_CHECK;

// Whether two rows of one offer say the same but for what blocks_mark sets; and whether that is the same too.
bool blocks_same_place(const struct offer_row *a, const struct offer_row *b);
bool blocks_same_seats(const struct offer_row *a, const struct offer_row *b);

// Whether some small block has so many offers that moving them into the full one beside it is worth the
// write: sets *loose. And moving those of at most so many blocks. 0 or a fault.
int blocks_loose(struct txn *txn, bool *loose) MUST_CHECK;
int blocks_tidy(struct txn *txn, unsigned most) MUST_CHECK;

// Whether an offer lies where a look-up finds it, with the bits and numbers that its row asks for. Sets
// *good. 0 or a fault. For the offline check.
int blocks_check(struct txn *txn, const struct offer_row *row, bool *good) MUST_CHECK;

#endif
