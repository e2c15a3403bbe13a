// SPDX-License-Identifier: Apache-2.0
// What the verifier found: one line a fault, as FILE:LINE: RULE: message. The rules are those that
// kansen-verify(1) lists. One thread.
#ifndef VERIFY_REPORT_H
#define VERIFY_REPORT_H

#include "client/verify/slice.h"
#include <stdio.h>

#define REPORT_SHOWN      20u // faults that are printed; the rest is counted
#define REPORT_QUOTED_MAX 256u

struct report {
    FILE *out;         // where faults go; NULL = they are only counted
    FILE *notes;       // where remarks go that are no faults; NULL = nowhere
    const char *about; // printed before the file, as "DIRECTORY/"; NULL = nothing
    size_t faults;     // so far
    const char *rule;  // of the first fault; NULL = none
    char first[512];   // the line of the first fault
};

// file: name in the record, or NULL; line: from 1, 0 = the whole file. Returns -1 for the caller to pass on.
int report_fault(struct report *report, const char *file, size_t line, const char *rule, const char *format,
                 ...) __attribute__((format(printf, 5, 6)));

void report_note(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

// No memory: a fault, as nothing has been shown to hold.
int report_no_memory(struct report *report);

// A text of a file, in a form that is safe to print; cut when it is long. Returns out.
const char *report_quote(struct slice text, char out[REPORT_QUOTED_MAX]);

#endif
