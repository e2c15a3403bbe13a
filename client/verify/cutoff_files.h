// SPDX-License-Identifier: Apache-2.0
// The files `cutoffs` and `public-cutoffs`: their lines are derived and compared. One thread.
#ifndef VERIFY_CUTOFF_FILES_H
#define VERIFY_CUTOFF_FILES_H

#include "client/verify/cutoff.h"

// 0, or -1 when the form is wrong or memory is short; what differs is a fault, but 0.
int cutoff_files_check(struct slice file, const struct input *input, const struct cutoff *cutoffs,
                       struct report *report);
// form is that of the record.
int cutoff_files_check_public(struct slice file, uint64_t form, const struct input *input,
                              const struct cutoff *cutoffs, struct report *report);

#endif
