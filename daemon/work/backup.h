// SPDX-License-Identifier: Apache-2.0
// A backup: a directory below the backup directory that has the store as of one snapshot, written anew, the
// list of erasures, and a text about them. It is a data directory that lacks the hash key alone, which is
// kept apart. It gets its name when all of it is on the disk and was read again, or never.
//
//   DIR/NAME/kansen.mdb     the store
//   DIR/NAME/kansen.erased  the list of erasures, as of a moment behind the snapshot
//   DIR/NAME/kansen.backup  what was found in it, a line each: version, format, sequence, digest, ...
//   DIR/NAME/kansend.lock   empty: what a daemon or a check locks
//   DIR/.NAME.part          a backup that is being written, or that goes; what a crash left is removed later
#ifndef WORK_BACKUP_H
#define WORK_BACKUP_H

#include "base/attr.h"
#include "base/fault.h"
#include "base/progress.h"
#include "store/check.h"
#include <stdint.h>

struct erasures;
struct verifier;
struct log;
struct txn;

#define BACKUP_NAME_MAX 65u   // bytes with the end
#define BACKUP_PATH_MAX 4096u // bytes with the end

struct backup_options {
    const char *dir; // the backup directory; made (0700) if it is not there
    uint64_t map_bytes;
    const struct erasures *erasures; // NULL = no list is kept
    struct verifier *verifier;       // reads it again
    const struct log *log;
};

struct backup_order {
    char name[BACKUP_NAME_MAX]; // "" = the time as 20261231T235959Z, UTC
    uint32_t keep;              // how many backups with such a name are kept; 0 = all
};

struct backup_result {
    char path[BACKUP_PATH_MAX];
    uint64_t bytes, entries; // of the store's file
    uint32_t removed;        // older backups that were not kept
    int64_t whole_us;        // when it was whole, microseconds since 1970
    struct check_summary found;
};

// Puts into order->name what a caller gave: a name of 1..64 letters, digits and . _ -, the first no point, or
// a path that is such a name in the backup directory itself. 0 or FAULT with the field "name".
int backup_name(const char *dir, const char *given, struct backup_order *order,
                struct fault *fault) MUST_CHECK;

// Makes the backup. txn has not begun; it is ended. 0; FAULT, of which ALREADY_EXISTS says that the name is
// taken; PROGRESS_E_ENDED; or a fault of the store. Not 0: nothing has the name, and what was written is
// gone. The job thread.
int backup_make(const struct backup_options *options, const struct backup_order *order, struct txn *txn,
                const struct progress_sink *sink, struct backup_result *out, struct fault *fault) MUST_CHECK;

// Makes the directory if it is not there and its parent is, and removes what a crash has left in it. What
// fails is logged. Returns when the newest backup in it became whole, microseconds since 1970; 0 = there is
// none. Main thread, at start.
int64_t backup_prepare(const struct backup_options *options);

#endif
