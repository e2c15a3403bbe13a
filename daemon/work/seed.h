// SPDX-License-Identifier: Apache-2.0
// The first filling of an empty store: regions and interests. Main thread, before anything else runs.
#ifndef WORK_SEED_H
#define WORK_SEED_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>

struct log;
struct store;

// Where nothing is said: the installed place, then the one in the source tree.
#define SEED_LOCAL_DIR "seeds"

// When the store has no region and no interest, reads regions.csv and interests.csv of dir and applies their
// rows, in an order in which what a row names comes before it, in one transaction. dir "" = the default
// places; where they are not there the store stays empty, with a warning. 0; FAULT with file, line and
// message (nothing was stored); or a store fault.
int seed_load(struct store *store, const char *dir, const struct log *log, struct fault *fault) MUST_CHECK;

// Whether seed_load will find a directory that was named, and if `reads`, as the store is new, both files. 0
// or FAULT, of option "seeds".
int seed_check(const char *dir, bool reads, struct fault *fault) MUST_CHECK;

#endif
