// SPDX-License-Identifier: Apache-2.0
// A student's receipt: its own lines, and the path by which they are in the tree of a public record. One
// thread.
#ifndef VERIFY_RECEIPT_H
#define VERIFY_RECEIPT_H

#include "client/verify/record.h"

// Holds a receipt against a record (and the bytes of its file). Says who is placed where as a note.
void receipt_check(struct slice receipt, const struct record *record, struct slice record_file,
                   struct report *report);

#endif
