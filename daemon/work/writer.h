// SPDX-License-Identifier: Apache-2.0
// The writer: the one thread that changes the store while the daemon serves. It takes jobs in groups, applies
// each group in one transaction, commits once, and only then sends the results back. What it answers with
// success is on disk.
#ifndef WORK_WRITER_H
#define WORK_WRITER_H

#include "base/attr.h"
#include "base/fault.h"
#include "base/histogram.h"
#include "work/apply.h"
#include <stddef.h>
#include <stdint.h>

struct erasures;
struct log;
struct mailbox;
struct queue;
struct rules_source;
struct store;
struct writer;

// Everything pointed to must outlive the writer.
struct writer_options {
    struct store *store;
    struct queue *queue;
    struct mailbox *mailboxes; // of the workers, by number
    unsigned workers;
    struct mailbox *clock;  // of the clock, which goes by the number behind the last worker
    struct mailbox *rounds; // of who moves rounds on, by the number behind that; NULL = nobody does
    struct mailbox *owner;  // told MAILBOX_FAILED when the disk failed
    const struct log *log;
    struct rules_source *rules;
    struct erasures *erasures; // the list outside the store; NULL = none is kept
};

// Starts the thread. 0, a store fault, or -errno. *out is set on 0 only.
int writer_start(const struct writer_options *options, struct writer **out) MUST_CHECK;

// Waits for the thread, which ends when the queue is closed and empty, and frees. NULL is safe.
void writer_finish(struct writer *writer);

// What was done since the start; the writer alone adds.
struct writer_work {
    _Atomic uint64_t commits;       // that are on disk
    _Atomic uint64_t failures;      // groups that could not be put on disk as one
    struct histogram commit_us;     // how long it took to put the changes of a commit on disk
    struct histogram commit_writes; // writes in a commit
};

// Holds as long as the writer. Any thread.
const struct writer_work *writer_work(const struct writer *writer);

// Grows while the writer makes changes, also within a commit. Any thread.
uint64_t writer_steps(struct writer *writer);

// The time of the last journal entry, 0 if there is none: no later command may have an earlier time. 0 or a
// fault.
int writer_last_time(struct store *store, int64_t *time_us) MUST_CHECK;

// Fills fault with what a store fault means for the one who asked.
void writer_fault(struct fault *fault, int store_fault);

#endif
