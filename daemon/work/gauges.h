// SPDX-License-Identifier: Apache-2.0
// What can be read off the store for those who watch over it, as of a moment ago: the clock's thread looks
// about once a second, and everybody else takes what it has found, so that nobody who is in a hurry touches
// the store for it. A look that takes long (offers are counted anew after a change) is followed by a pause of
// a hundred times as long, so all of them together take at most a hundredth of a core.
#ifndef WORK_GAUGES_H
#define WORK_GAUGES_H

#include "base/attr.h"
#include "store/census.h"
#include <stdint.h>

struct gauges;

struct gauges_values {
    int64_t looked_us; // when, since 1970; 0 = not yet, and all else is 0
    struct census_counts counts;
    struct census_kind kinds[CENSUS_KINDS]; // by OfferKind
    struct census_readers readers;
    int64_t
        oldest_reader_us; // for how long, at least, a snapshot is held that later commits have left behind
};

// NULL when memory is short; gauges_free(NULL) is safe. The store must outlive it.
struct gauges *gauges_new(struct store *store) MUST_CHECK;
void gauges_free(struct gauges *gauges);

// Looks, if it is time. txn is a read transaction that is not begun. The clock's thread.
void gauges_look(struct gauges *gauges, struct txn *txn);

// What was found last. Any thread.
void gauges_read(struct gauges *gauges, struct gauges_values *out);

#endif
