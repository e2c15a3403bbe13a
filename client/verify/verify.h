// SPDX-License-Identifier: Apache-2.0
// A record verified from end to end, as ALLOCATION's rules in kansen-record(5) say. Shares no code with the
// daemon that made it. One thread.
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "client/verify/files.h"
#include "client/verify/input.h"
#include "client/verify/record.h"

// What is known from elsewhere; NULL = not given.
struct verify_known {
    const uint8_t *key, *commitment, *input_digest;
    const uint8_t *draft;         // the key that is going to sign a record that is a draft
    const struct slice *previous; // the file `record` of the record before this one
};

struct verify {
    struct record record;
    struct input input; // of a sealed record
};

// Verifies the public files. 0 when the record could be read; what does not hold is in report->faults. verify
// must be all zero; verify_free gives it back in any case.
int verify_public(const struct files *files, const struct verify_known *known, struct report *report,
                  struct verify *verify);

// Verifies all files.
int verify_sealed(const struct files *files, const struct verify_known *known, struct report *report,
                  struct verify *verify);
void verify_free(struct verify *verify);

#endif
