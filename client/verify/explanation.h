// SPDX-License-Identifier: Apache-2.0
// The file `explanations`: why each student got what it got, derived from lists and cutoffs. One thread.
#ifndef VERIFY_EXPLANATION_H
#define VERIFY_EXPLANATION_H

#include "client/verify/cutoff.h"

// Holds the file against the cutoffs. 0, or -1 when the form is wrong or memory is short.
int explanation_check(struct slice file, const struct input *input, const struct lottery *lottery,
                      const size_t *placed, const struct cutoff *cutoffs, struct report *report);

#endif
