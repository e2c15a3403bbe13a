// SPDX-License-Identifier: Apache-2.0
// What is spent stays spent: after the first outcome every further call has one too.
#include "base/effort.h"
#include "base/clock.h"
#include <stdatomic.h>

int
effort_look(struct effort *effort, uint64_t units)
{
    if (effort->slice == 0) {
        effort->left = 0;
        return EFFORT_E_SPENT;
    }
    if (atomic_load_explicit(effort->ended, memory_order_relaxed) || clock_steady_us() > effort->until_us)
        return EFFORT_E_LATE;
    // What is done at once may be more than is left and a slice together.
    effort->left = effort->left + effort->slice > units ? effort->left + effort->slice - units : 0;
    return 0;
}
