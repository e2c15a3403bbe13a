// SPDX-License-Identifier: Apache-2.0
// A late round held against the records of the rounds before it. One thread.
#ifndef VERIFY_EARLIER_H
#define VERIFY_EARLIER_H

#include "client/verify/corrections.h"
#include "client/verify/files.h"
#include "client/verify/input.h"

// By student: whether its pinned offer is what it obtained in the last earlier round that was looked at.
enum earlier_pinned {
    EARLIER_UNKNOWN,
    EARLIER_OBTAINED,
    EARLIER_OTHER,
};

// Looks at the sealed record of the earlier round of this number (terms.earlier[number - 1]); rounds come in
// the order of their numbers. Reports students whose seed is not that of the first round that they took part
// in. pinned: by student, changed for those who took part; what n corrections say of that round counts. -1
// when that record can not be read or is another one (reported).
int earlier_check(const struct files *files, unsigned number, const struct input *input,
                  struct corrections *corrections, unsigned n, struct report *report, uint8_t *pinned);

// Reports pinned offers that nobody obtained. all: every earlier round was looked at.
void earlier_check_pinned(const struct input *input, const uint8_t *pinned, bool all, struct report *report);

// The number of the earlier round whose record this is, from 1; 0 = of none (reported).
unsigned earlier_number(struct slice record, const struct input *input, struct report *report);

#endif
