// SPDX-License-Identifier: Apache-2.0
// Which partners may train for one qualification on one day: asks the store, and remembers the answers of one
// query.
#ifndef MATCH_ACCREDITED_H
#define MATCH_ACCREDITED_H

#include "base/arena.h"
#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

struct txn;
struct accredited;
struct effort;

// For one query; it lives in the arena and not longer than the transaction's view. NULL when memory is short.
struct accredited *accredited_new(struct txn *txn, struct arena *arena, uint32_t qualification,
                                  int32_t day) MUST_CHECK;

// The effort that reading them is spent of; without, there is no bound.
void accredited_bound(struct accredited *accredited, struct effort *effort);

// Sets *out. 0, a store fault or an effort_outcome.
int accredited_ask(struct accredited *accredited, uint64_t partner, bool *out) MUST_CHECK;

#endif
