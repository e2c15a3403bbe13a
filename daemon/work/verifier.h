// SPDX-License-Identifier: Apache-2.0
// A process beside the daemon in which backups are read again. LMDB maps what it reads, so a disk that fails
// under the copy, or a copy that is damaged, ends whoever reads it with a signal: that is then a process made
// for this one check, and the daemon serves on. It is started before anything is opened, as the daemon may
// start no process once it serves; it holds nothing of the daemon's, and gives up the same and more.
#ifndef WORK_VERIFIER_H
#define WORK_VERIFIER_H

#include "base/attr.h"
#include "base/fault.h"
#include "base/progress.h"
#include "store/check.h"

struct log;
struct options;
struct verifier;

// Starts the process, which waits. It ends with the thread that calls this. 0 or FAULT. The main thread,
// while it is the only one.
int verifier_start(const struct options *options, const struct log *log, struct verifier **out,
                   struct fault *fault) MUST_CHECK;

// Has the process give up all but reading the backup directory, which must be there to be of use. 0 or FAULT.
// Once, before the first check.
int verifier_confine(struct verifier *verifier, struct fault *fault) MUST_CHECK;

#define VERIFIER_TEXT_MAX 1500u // bytes with the end

struct verifier_result {
    struct check_summary found;
    char text[VERIFIER_TEXT_MAX]; // what a check prints; cut
};

#define VERIFIER_E_DIED 4 // the check did not come to its end, nor was it told to end
#define VERIFIER_E_GONE 5 // the process is no more; only a new daemon has another one

// Checks the store in dir, as check_store does, with what it prints in out. total: entries that are expected,
// which sink is told until the check has counted them. 0; 1 = there are problems;
// VERIFIER_E_DIED with the reason in out->text; VERIFIER_E_GONE; PROGRESS_E_ENDED; or a store fault. One
// thread at a time.
int verifier_check(struct verifier *verifier, const char *dir, const struct progress_sink *sink,
                   uint64_t total, struct verifier_result *out) MUST_CHECK;

void verifier_free(struct verifier *verifier); // NULL is safe; the process ends

#endif
