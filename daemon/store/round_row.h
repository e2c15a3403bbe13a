// SPDX-License-Identifier: Apache-2.0
// Rounds that follow one another: a round that names a previous one is in the row of that one. Rounds of a
// row share the salt of the students' references, so a student is known from one to the next. All functions:
// 0, STORE_E_NOT_FOUND where there is nothing, or a fault; outputs are set on 0 only, in arena.
#ifndef STORE_ROUND_ROW_H
#define STORE_ROUND_ROW_H

#include "base/arena.h"
#include "base/attr.h"
#include "store/round.h"
#include <kansen/v1/placement.pb-c.h>

struct txn;

// A later round of the same row that has not ended; there is one at most.
int round_row_unfinished(struct txn *txn, const Kansen__V1__Round *round, struct arena *arena,
                         Kansen__V1__Round **out) MUST_CHECK;

// A later round of the same row that was published, or has not ended: who follows must follow that one.
int round_row_follower(struct txn *txn, const Kansen__V1__Round *round, struct arena *arena,
                       Kansen__V1__Round **out) MUST_CHECK;

// The seat that a student holds by the rounds before this one in its row: the placement that came of the
// newest of them, or of a correction of it, and is live.
int round_row_held(struct txn *txn, const Kansen__V1__RoundPlan *plan, const uint8_t ref[ROUND_REF_BYTES],
                   struct arena *arena, Kansen__V1__Placement **out) MUST_CHECK;

#endif
