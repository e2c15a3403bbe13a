// SPDX-License-Identifier: Apache-2.0
// What opening and closing a store have to do with a stream that is read into it. Only daemon/store/*.c may
// include this.
#ifndef STORE_LOAD_STATE_H
#define STORE_LOAD_STATE_H

#include "base/attr.h"
#include "store/internal.h"

struct load;

void load_free(struct load *load); // NULL is safe

// A transaction has failed in which pieces may have been taken: no further one may follow them.
void load_lost(struct txn *txn);

// Empties a store that a stream was read into and not to its end, and says so in *emptied. 0 or a fault.
int load_clean(struct txn *txn, bool *emptied) MUST_CHECK;

#endif
