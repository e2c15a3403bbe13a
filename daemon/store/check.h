// SPDX-License-Identifier: Apache-2.0
// Verifying a store that no daemon has open: every checksum, every reverse table, every row of the index
// against what it is derived from, the journal's sequence; and the digest over all records.
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "base/attr.h"
#include <stdio.h>

// Checks the store in dir and writes what it finds to out, one line a problem (the first hundred), then a
// summary with the digest. 0 = all is well; 1 = there are problems, or the store can not be opened; negative
// = a store fault.
int check_run(const char *dir, FILE *out) MUST_CHECK;

#endif
