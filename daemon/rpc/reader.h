// SPDX-License-Identifier: Apache-2.0
// The reading threads: a small pool that answers what takes too long for a worker's loop. Each has a snapshot
// and memory of its own, and a low priority, so that a worker on the same core goes first. Main thread.
#ifndef RPC_READER_H
#define RPC_READER_H

#include "base/attr.h"

struct mailbox;
struct reader;
struct service;

struct reader_options {
    struct service *service;   // whose queue of readings they take from; it outlives the reader
    struct mailbox *mailboxes; // of the workers: where answers go
    unsigned threads;
};

// Starts the threads. 0 or -errno.
int reader_start(const struct reader_options *options, struct reader **out) MUST_CHECK;

// Closes the queue, ends what is under way at its next look, waits for the threads and frees. NULL is safe.
void reader_finish(struct reader *reader);

#endif
