// SPDX-License-Identifier: Apache-2.0
// Verifying a store that no daemon has open: every checksum, every reverse table, every row of the index
// against what it is derived from, the journal's sequence; and the digest over all records.
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "base/attr.h"
#include "base/progress.h"
#include "store/store.h"
#include <stdio.h>

#define CHECK_DIGEST_TEXT 33u // bytes with the end

struct check_summary {
    uint64_t sequence; // of the journal
    struct store_counts counts;
    char digest[CHECK_DIGEST_TEXT]; // over all records: hex
};

// Checks the store in dir and writes what it finds to out, one line a problem (the first hundred), then a
// summary with the digest. 0 = all is well; 1 = there are problems, or the store can not be opened; negative
// = a store fault.
int check_run(const char *dir, FILE *out) MUST_CHECK;

// The same, telling how far it is (sink may be NULL) and what it found; also PROGRESS_E_ENDED. The directory
// must not be that of a store that this process has open.
int check_store(const char *dir, const struct progress_sink *sink, FILE *out,
                struct check_summary *summary) MUST_CHECK;

#endif
