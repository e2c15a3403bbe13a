// SPDX-License-Identifier: Apache-2.0
// Offers that a write transaction has put and that are in no block yet: those that lie near each other go
// into their block together, so that it is made once for all of them. For blocks.c only, but for new and
// free.
#ifndef STORE_BLOCKS_WAITING_H
#define STORE_BLOCKS_WAITING_H

#include "base/attr.h"
#include "store/offer_row.h"
#include <stdbool.h>
#include <stddef.h>

struct blocks_waiting;

// NULL when memory is short; free(NULL) is safe.
struct blocks_waiting *blocks_waiting_new(void) MUST_CHECK;
void blocks_waiting_free(struct blocks_waiting *waiting);
void blocks_waiting_clear(struct blocks_waiting *waiting);

// Adds a row of an offer that does not wait. Returns whether no other one may be added before a clear.
bool blocks_waiting_add(struct blocks_waiting *waiting, const struct offer_row *row) MUST_CHECK;

// Takes an offer out, or gives it another row of the same place. Returns whether it waited.
bool blocks_waiting_take(struct blocks_waiting *waiting, uint64_t offer);
bool blocks_waiting_replace(struct blocks_waiting *waiting, const struct offer_row *row);

// Sorts by kind of place, Morton code and id, as blocks lie. Returns how many there are.
size_t blocks_waiting_sort(struct blocks_waiting *waiting);

// The row at a place, with the others behind it.
const struct offer_row *blocks_waiting_at(const struct blocks_waiting *waiting, size_t place);

#endif
