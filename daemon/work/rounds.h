// SPDX-License-Identifier: Apache-2.0
// A thread of low priority that moves rounds on: it looks which ones are in a state that goes on by itself,
// digests and allocates on a snapshot, and queues what comes of it in commands of bounded size. It has those
// forgotten that were closed or cancelled so long ago as the rules say. It keeps nothing that is not in the
// store, so after a stop or a crash the next start goes on where it was.
#ifndef WORK_ROUNDS_H
#define WORK_ROUNDS_H

#include "base/attr.h"

struct log;
struct mailbox;
struct queue;
struct rules_source;
struct rounds;
struct store;

struct rounds_options {
    struct store *store;
    struct queue *queue;
    struct mailbox *mailbox;    // its own; the writer sends its jobs back there
    unsigned worker;            // the number under which the queue and the writer know it
    struct rules_source *rules; // for how long rounds are kept
    const struct log *log;
};

// Starts the thread. 0, a store fault, or -errno. What the options point to must outlive it.
int rounds_start(const struct rounds_options *options, struct rounds **out) MUST_CHECK;

// Ends the thread and frees; call it while the writer still runs. NULL is safe.
void rounds_finish(struct rounds *rounds);

#endif
