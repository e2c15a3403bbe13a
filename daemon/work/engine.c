// SPDX-License-Identifier: Apache-2.0
// The clock ends before the queue closes, and the writer after it, so no job is left without an owner.
#include "work/engine.h"
#include "store/store.h"
#include "work/clockwork.h"

int
engine_start(struct engine *engine, const struct queue_options *queue, const struct writer_options *writer)
{
    struct queue_options queue_options = *queue;
    struct writer_options writer_options = *writer;
    struct clockwork_options clock_options = {
        .store = writer->store, .mailbox = &engine->clock, .worker = writer->workers, .rules = writer->rules};
    int rc = mailbox_init(&engine->clock);

    if (rc != 0)
        return rc;
    engine->has_clock = true;
    queue_options.workers++; // the clock pushes too
    engine->queue = queue_new(&queue_options);
    if (engine->queue == NULL)
        return STORE_FAULT_MEMORY;
    writer_options.queue = clock_options.queue = engine->queue;
    writer_options.clock = &engine->clock;
    rc = writer_start(&writer_options, &engine->writer);
    return rc == 0 ? clockwork_start(&clock_options, &engine->clockwork) : rc;
}

void
engine_finish(struct engine *engine)
{
    clockwork_finish(engine->clockwork);
    if (engine->writer != NULL) {
        queue_close(engine->queue);
        writer_finish(engine->writer);
    }
    queue_free(engine->queue);
    if (engine->has_clock)
        mailbox_destroy(&engine->clock);
    *engine = (struct engine){0};
}
