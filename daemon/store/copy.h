// SPDX-License-Identifier: Apache-2.0
// A store written anew from a snapshot: each entry is put again, in order, so the copy takes no more room
// than its content, and nothing of what was deleted or replaced before the snapshot is in it. mdb_env_copy2
// would leave out free pages but copy the others as they are, with their gaps, in which a student who was
// forgotten can still be read.
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "base/attr.h"
#include "base/fault.h"
#include "base/progress.h"
#include <stdint.h>

struct txn;

struct copy_result {
    uint64_t entries;
    uint64_t bytes;    // of the file
    uint64_t sequence; // of the journal in the snapshot
};

// Writes what txn, a transaction that has begun, sees to a new file at path, for a map of map_bytes, and
// syncs it; its directory is the caller's to sync. What is on the disk already is brought there now and then,
// and dropped from the page cache, so that neither a commit nor a read of the store itself waits for long.
// 0; FAULT with the reason, such as a full disk; PROGRESS_E_ENDED; or a fault of the store that is read. Not
// 0: no file is left. Any thread, which owns txn.
int copy_write(struct txn *txn, const char *path, uint64_t map_bytes, const struct progress_sink *sink,
               struct copy_result *out, struct fault *fault) MUST_CHECK;

// Syncs a directory, so that names in it stay. 0 or -errno.
int copy_sync_directory(const char *dir) MUST_CHECK;

#endif
