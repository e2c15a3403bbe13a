// SPDX-License-Identifier: Apache-2.0
// The writing side as one thing: the queue, the writer, the clock that queues what time brings, and the
// thread that moves rounds on. Main thread.
#ifndef WORK_ENGINE_H
#define WORK_ENGINE_H

#include "base/attr.h"
#include "work/mailbox.h"
#include "work/queue.h"
#include "work/writer.h"

struct clockwork;
struct rounds;

struct engine {
    struct queue *queue;
    struct writer *writer;
    struct clockwork *clockwork;
    struct mailbox clock; // the clock's
    bool has_clock;       // clock is initialised
    struct rounds *rounds;
    struct mailbox at_rounds; // of the rounds
    bool has_rounds;          // at_rounds is initialised
};

// Starts all three. queue_options counts the workers, writer has all but the queue and the clock's mailbox.
// 0, a store fault, or -errno; engine_finish is due in any case.
int engine_start(struct engine *engine, const struct queue_options *queue,
                 const struct writer_options *writer) MUST_CHECK;

// Ends the clock, lets the writer finish what is queued, and frees.
void engine_finish(struct engine *engine);

#endif
