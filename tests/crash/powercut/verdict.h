// SPDX-License-Identifier: Apache-2.0
// What an image of the store is worth: whether it opens, holds together, and holds what was acknowledged. An
// image may be anything, so reading it may raise a signal or not end; both are caught and are a verdict. What
// such an image had allocated is lost, so this is for a test only. One thread; takes over SIGBUS, SIGSEGV,
// SIGABRT and SIGALRM.
#ifndef POWERCUT_VERDICT_H
#define POWERCUT_VERDICT_H

#include "base/attr.h"
#include <stdint.h>

enum verdict {
    VERDICT_GOOD = 0,
    VERDICT_UNREADABLE, // it does not open, or reading it ended by a signal
    VERDICT_DAMAGED,    // the check finds problems, or records do not belong to the journal's last entry
    VERDICT_LOST,       // the journal ends before what was acknowledged
    VERDICT_FORGED,     // an entry of the journal is not the one that was written
    VERDICT_REUSED,     // new writes damaged it: a page was free and in use
    VERDICT_COUNT,
};

struct judge;

// Judges the store in `dir` time and again. The store that is there now is the final one: its journal is what
// every other is compared with. NULL after a message on stderr.
struct judge *judge_new(const char *dir) MUST_CHECK;
void judge_free(struct judge *judge);

// Sequence of the final store's last journal entry.
uint64_t judge_last(const struct judge *judge);

// A quick look: it opens, the journal reaches `acknowledged`, its last entries are right.
enum verdict judge_look(struct judge *judge, uint64_t acknowledged) MUST_CHECK;

// The offline check of the daemon, more of the journal, and the digest of the records: the same for
// all images with the same last sequence.
enum verdict judge_check(struct judge *judge, uint64_t acknowledged) MUST_CHECK;

// As judge_check, with every entry of the journal; then opens it for writing as the daemon does, commits some
// entries, and checks it again. Alters the file.
enum verdict judge_write(struct judge *judge, uint64_t acknowledged) MUST_CHECK;

// A verdict as a person reads it; why the last one was not good.
const char *verdict_name(enum verdict verdict);
const char *judge_reason(const struct judge *judge);

#endif
