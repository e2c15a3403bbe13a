// SPDX-License-Identifier: Apache-2.0
// The table of operations: what each is called, who may ask for it, and the function that applies it. What a
// caller may see and change of it is for work/rights.h. Constant data; any thread.
#ifndef WORK_OPERATIONS_H
#define WORK_OPERATIONS_H

#include "base/attr.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>

struct change;

struct operation {
    const char *name;                    // as in Write; NULL where there is none
    unsigned callers;                    // enum mover bits
    bool grows;                          // the store, by more than the journal entry
    int (*apply)(struct change *change); // see work/change.h
};

// The operation of a write; NULL when this version knows none such.
const struct operation *operations_find(const Kansen__V1__Write *write);

#endif
