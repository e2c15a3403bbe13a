// SPDX-License-Identifier: Apache-2.0
// The files of a record, read whole into memory, so that what is verified can not change meanwhile. One
// thread.
#ifndef VERIFY_FILES_H
#define VERIFY_FILES_H

#include "client/verify/report.h"
#include <stdint.h>

enum files_file {
    FILES_RECORD,
    FILES_SIGNATURE,
    FILES_PUBLIC_CUTOFFS, // the public ones end here
    FILES_INPUT,
    FILES_RESULT,
    FILES_CUTOFFS,
    FILES_EXPLANATIONS,
    FILES_AUDIT,
    FILES_N,
};

#define FILES_N_PUBLIC (FILES_PUBLIC_CUTOFFS + 1)
#define FILES_MAX      (UINT64_C(4) << 30) // bytes of a record, if nothing else is said

struct files {
    struct slice file[FILES_N];
    char *owned[FILES_N]; // what files_free gives back
};

const char *files_name(enum files_file file);

// Reads the first n files of a record, of at most so many bytes together; other files than those of a record
// must not be there. 0, or -1 (reported). files must be all zero; files_free gives it back, also after -1.
int files_read(const char *directory, unsigned n, uint64_t most, struct report *report, struct files *files);
void files_free(struct files *files);

// Reads one file of at most so many bytes that is no part of a record; the caller frees *bytes.
int files_read_one(const char *path, size_t most, struct report *report, char **bytes, size_t *len);

#endif
