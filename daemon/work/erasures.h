// SPDX-License-Identifier: Apache-2.0
// The list of erasures: a file outside the store, to which every student that was forgotten is added before
// that is acknowledged, so that a restored backup, which still knows them, forgets them again. A line is the
// time (microseconds since 1970), the keyed hash of the reference (hex), and a checksum of the two; without
// the key it tells nothing. It is only ever appended to. One thread at a time: main at start, then the
// writer.
#ifndef WORK_ERASURES_H
#define WORK_ERASURES_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdint.h>

#define ERASURES_HASH_BYTES 32u

struct erasures;
struct log;
struct store;

// Opens the list, or makes it. 0, FAULT, or a store fault (memory).
int erasures_open(const char *path, struct erasures **out, struct fault *fault) MUST_CHECK;
void erasures_close(struct erasures *erasures); // NULL is safe

// Forgets again whom the store still knows although the list has them, by commands of the actor "erasures",
// in transactions of its own. A mapping that is younger than its line belongs to a student who came back, and
// stays. Lines that are damaged are skipped and told, with their number. Before the writer starts. 0, FAULT
// (the file can not be read), or a store fault.
int erasures_apply(struct erasures *erasures, struct store *store, const struct log *log,
                   struct fault *fault) MUST_CHECK;

// Writes the whole lines that the list has now to a file that is open for writing. 0 or -errno. Any thread,
// also beside the writer.
int erasures_copy(const struct erasures *erasures, int to) MUST_CHECK;

// Notes a student for the next sync. 0 or STORE_FAULT_MEMORY. With NULL these three do nothing.
int erasures_note(struct erasures *erasures, const uint8_t hash[ERASURES_HASH_BYTES],
                  int64_t time_us) MUST_CHECK;

// Forgets what was noted since the last sync.
void erasures_drop(struct erasures *erasures);

// Brings what was noted to the disk. 0; STORE_FAULT_FULL when there is no room, and the file is as it was; or
// STORE_FAULT_IO, when nobody knows what is on the disk.
int erasures_sync(struct erasures *erasures) MUST_CHECK;

#endif
