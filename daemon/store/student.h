// SPDX-License-Identifier: Apache-2.0
// The value of a mapping from a keyed hash to a student, as it lies in the table student. Only
// daemon/store/*.c may include this.
#ifndef STORE_STUDENT_H
#define STORE_STUDENT_H

#include "store/placement.h"
#include <stdint.h>

struct student {
    uint8_t id[STUDENT_ID_BYTES];
    int64_t since_us; // when the mapping came into being; 0 = not known
};

_Static_assert(sizeof(struct student) == 24, "it is stored as it is");

#endif
