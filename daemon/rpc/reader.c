// SPDX-License-Identifier: Apache-2.0
// A reading is answered as a worker answers a request, by the same code on a snapshot of its own that is
// begun when its turn comes and ended before it goes back.
#include "rpc/reader.h"
#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "rpc/readings.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "work/mailbox.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct reader {
    struct reader_options options;
    _Atomic bool ended; // what is under way ends
    unsigned started;
    pthread_t threads[];
};

static void
answer(struct reader *reader, struct rpc_env *env, struct reading *reading)
{
    struct service *service = reader->options.service;
    struct session session = {.identity = reading->identity, .connection = reading->connection, .open = true};
    int64_t began = clock_steady_us();

    if (rpc_handle(env, &session, reading->arrived_us, reading->payload, reading->len, &reading->out) != 0)
        buf_free(&reading->out);
    rpc_pause(env);
    readings_tell(service->readings, clock_steady_us() - began);
    mailbox_post(&reader->options.mailboxes[reading->worker], &reading->mail, &reading->mail);
}

static void *
run(void *arg)
{
    struct reader *reader = arg;
    struct service *service = reader->options.service;
    struct rpc_env *env = rpc_env_new(service, 0, &reader->ended);
    struct reading *reading;

    pthread_setname_np(pthread_self(), "reader"); // by itself: the sandbox lets no thread name another
    background_enter(service->log, "reader");
    if (env == NULL) {
        LOG_ERROR(service->log, "reader", "memory is too short for a reading thread");
        readings_close(service->readings); // long requests are refused, the others go on
        return NULL;
    }
    while ((reading = readings_take(service->readings)) != NULL)
        answer(reader, env, reading);
    rpc_env_free(env);
    return NULL;
}

int
reader_start(const struct reader_options *options, struct reader **out)
{
    struct reader *reader = calloc(1, sizeof *reader + options->threads * sizeof reader->threads[0]);
    int rc = 0;

    if (reader == NULL)
        return -ENOMEM;
    reader->options = *options;
    while (rc == 0 && reader->started < options->threads) {
        rc = -pthread_create(&reader->threads[reader->started], NULL, run, reader);
        if (rc == 0)
            reader->started++;
    }
    if (rc != 0) {
        reader_finish(reader);
        return rc;
    }
    *out = reader;
    return 0;
}

void
reader_finish(struct reader *reader)
{
    if (reader == NULL)
        return;
    atomic_store(&reader->ended, true);
    readings_close(reader->options.service->readings);
    for (unsigned i = 0; i < reader->started; i++)
        pthread_join(reader->threads[i], NULL);
    free(reader);
}
