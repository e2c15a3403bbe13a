// SPDX-License-Identifier: Apache-2.0
// How much a request may still do where it runs, counted in what it looks at and not in time, so that the
// same request on the same snapshot is cut short at the same place wherever it runs. One owner at a time.
#ifndef BASE_EFFORT_H
#define BASE_EFFORT_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Units: about ten nanoseconds of a processor of 2020, when memory is in the cache.
#define EFFORT_RECORD 100u // reading a record and unpacking it
#define EFFORT_KEY    10u  // reading a key of a table, in order

struct effort {
    uint64_t left;             // units until it is spent, or until the next look
    uint64_t slice;            // units from one look to the next; 0 = nobody looks, what is spent is spent
    int64_t until_us;          // steady clock: a look that comes later ends the work
    const _Atomic bool *ended; // a look that finds it true ends the work
};

// Documented outcomes, above those of the store.
enum effort_outcome {
    EFFORT_E_SPENT = 8, // the work is too large for where it runs
    EFFORT_E_LATE = 9,  // a look has ended it
};

// What effort_spend does where nothing is left. 0 or an effort_outcome.
int effort_look(struct effort *effort, uint64_t units) MUST_CHECK;

// Counts work before it is done. 0 or an effort_outcome. NULL stands for no bound.
static inline int
effort_spend(struct effort *effort, uint64_t units)
{
    if (effort == NULL)
        return 0;
    if (units > effort->left)
        return effort_look(effort, units);
    effort->left -= units;
    return 0;
}

// Whether so much would be too much for where it runs: known before, so nothing is begun. 0 or
// EFFORT_E_SPENT.
static inline int
effort_foresee(const struct effort *effort, uint64_t units)
{
    return effort != NULL && effort->slice == 0 && units > effort->left ? (int)EFFORT_E_SPENT : 0;
}

#endif
