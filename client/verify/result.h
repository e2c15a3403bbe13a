// SPDX-License-Identifier: Apache-2.0
// The file `result`: where each student is placed. One thread.
#ifndef VERIFY_RESULT_H
#define VERIFY_RESULT_H

#include "client/verify/input.h"

#define RESULT_NONE SIZE_MAX // no entry

// Fills placed (n_students) with the entry of its list that each student has, or RESULT_NONE, and reports who
// has what it did not list, may not have, or gave up though it was pinned. 0, or -1 when the form is wrong.
int result_read(struct slice file, const struct input *input, struct report *report, size_t *placed);

// Place of an entry on its student's list, from 1; 0 of RESULT_NONE.
size_t result_rank(const struct input *input, uint32_t student, size_t placed);

#endif
