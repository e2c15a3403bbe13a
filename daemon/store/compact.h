// SPDX-License-Identifier: Apache-2.0
// A store written anew: what has been deleted or replaced stays in LMDB's free pages, and in gaps of pages
// that are in use, until something else is written there. A new file, to which each entry is written again,
// has neither, so a student who was forgotten is in it nowhere; and it takes no more room than its content.
#ifndef STORE_COMPACT_H
#define STORE_COMPACT_H

#include "base/attr.h"
#include <stdint.h>
#include <stdio.h>

// Writes the store of a data directory anew, while no daemon has it open, and puts the new file in the place
// of the old one once it is on disk; whatever happens before leaves the old one as it was. The map has
// map_bytes; the disk needs room for both. Tells on out what was done, or why not. 0, FAULT or a store fault.
int compact_run(const char *dir, uint64_t map_bytes, FILE *out) MUST_CHECK;

#endif
