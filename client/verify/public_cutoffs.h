// SPDX-License-Identifier: Apache-2.0
// The file `public-cutoffs` by itself, for those who do not have the lists. One thread.
#ifndef VERIFY_PUBLIC_CUTOFFS_H
#define VERIFY_PUBLIC_CUTOFFS_H

#include "client/verify/record.h"

// Reports what can not be, and what should have been suppressed. 0, or -1 when the form is wrong.
int public_cutoffs_check(struct slice file, const struct record *record, struct report *report);

#endif
