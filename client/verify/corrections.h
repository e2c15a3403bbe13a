// SPDX-License-Identifier: Apache-2.0
// What was corrected of a result after it was published: kansen-record(5), CORRECTIONS. Slices lie in the
// files. One thread.
#ifndef VERIFY_CORRECTIONS_H
#define VERIFY_CORRECTIONS_H

#include "client/verify/files.h"
#include "client/verify/input.h"
#include "client/verify/record.h"

// One such directory.
struct corrections {
    const char *directory;
    struct slice file, signature;
    char *owned[2]; // what corrections_free gives back
    bool used;      // it belongs to a record that was looked at
};

// Reads it, of at most so many bytes. 0, or -1 (reported). corrections must be all zero; corrections_free
// gives it back, also after -1.
int corrections_read(const char *directory, uint64_t most, struct report *report,
                     struct corrections *corrections);
void corrections_free(struct corrections *corrections);

// By student, the offer that it has by the result and by what corrects this record, of n directories; no
// bytes = none. Reports what does not hold. The caller frees it; NULL when memory is short (reported). files:
// those of the record; placed: what result_read gives.
struct slice *corrections_obtained(struct corrections *corrections, unsigned n, const struct files *files,
                                   const struct record *record, const struct input *input,
                                   const size_t *placed, struct report *report);

// Holds what everybody gets of the corrections against the public record.
void corrections_check_public(struct corrections *corrections, unsigned n, const struct files *files,
                              const struct record *record, struct report *report);

#endif
