// SPDX-License-Identifier: Apache-2.0
// Clock and rounds end before the queue closes, and the writer after it, so no job is left without an owner.
#include "work/engine.h"
#include "store/store.h"
#include "work/clockwork.h"
#include "work/rounds.h"

int
engine_start(struct engine *engine, const struct queue_options *queue, const struct writer_options *writer)
{
    struct queue_options queue_options = *queue;
    struct writer_options writer_options = *writer;
    struct clockwork_options clock_options = {
        .store = writer->store, .mailbox = &engine->clock, .worker = writer->workers, .rules = writer->rules};
    struct rounds_options rounds_options = {.store = writer->store,
                                            .mailbox = &engine->at_rounds,
                                            .worker = writer->workers + 1,
                                            .rules = writer->rules,
                                            .log = writer->log};
    int rc = mailbox_init(&engine->clock);

    if (rc != 0)
        return rc;
    engine->has_clock = true;
    rc = mailbox_init(&engine->at_rounds);
    if (rc != 0)
        return rc;
    engine->has_rounds = true;
    queue_options.workers += 2; // the clock and the rounds push too
    engine->queue = queue_new(&queue_options);
    if (engine->queue == NULL)
        return STORE_FAULT_MEMORY;
    writer_options.queue = clock_options.queue = rounds_options.queue = engine->queue;
    writer_options.clock = &engine->clock;
    writer_options.rounds = &engine->at_rounds;
    rc = writer_start(&writer_options, &engine->writer);
    if (rc == 0)
        rc = clockwork_start(&clock_options, &engine->clockwork);
    return rc == 0 ? rounds_start(&rounds_options, &engine->rounds) : rc;
}

void
engine_finish(struct engine *engine)
{
    rounds_finish(engine->rounds);
    clockwork_finish(engine->clockwork);
    if (engine->writer != NULL) {
        queue_close(engine->queue);
        writer_finish(engine->writer);
    }
    queue_free(engine->queue);
    if (engine->has_clock)
        mailbox_destroy(&engine->clock);
    if (engine->has_rounds)
        mailbox_destroy(&engine->at_rounds);
    *engine = (struct engine){0};
}
