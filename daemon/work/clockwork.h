// SPDX-License-Identifier: Apache-2.0
// The clock: a thread that looks what is due and queues a tick for it, so that what time brings is a command
// like any other. It runs from the start, so what fell due while the daemon was down happens first.
#ifndef WORK_CLOCKWORK_H
#define WORK_CLOCKWORK_H

#include "base/attr.h"
#include "work/apply.h"
#include <stdint.h>

struct clockwork;
struct gauges;
struct mailbox;
struct queue;
struct rules_source;
struct store;

struct clockwork_options {
    struct store *store;
    struct queue *queue;
    struct mailbox *mailbox; // its own; the writer sends its jobs back there
    unsigned worker;         // the number under which the queue and the writer know it
    struct rules_source *rules;
};

// Starts the thread. 0, a store fault, or -errno. What the options point to must outlive it.
int clockwork_start(const struct clockwork_options *options, struct clockwork **out) MUST_CHECK;

// Ends the thread and frees; call it while the writer still runs. NULL is safe.
void clockwork_finish(struct clockwork *clockwork);

// What its thread reads off the store. Holds as long as the clock.
struct gauges *clockwork_gauges(struct clockwork *clockwork);

#endif
