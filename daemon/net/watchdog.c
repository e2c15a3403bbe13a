// SPDX-License-Identifier: Apache-2.0
// A round: whoever has taken the question of the round before gets a new one. The writer may be busy with one
// commit for long (an import, a region that moves, a slow disk), so its changes count as an answer, and what
// is left, the sync, gets more patience.
#include "net/watchdog.h"
#include "base/log.h"
#include "base/systemd.h"
#include "rpc/service.h"
#include "work/mailbox.h"
#include "work/queue.h"
#include "work/writer.h"
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS          5u // in an interval; the last one is left to the manager
#define LOOP_PATIENCE   3u // rounds without an answer
#define WRITER_PATIENCE (4u * ROUNDS)
#define NAME_MAX_BYTES  16u

struct watched {
    unsigned silent; // rounds
    bool told;       // that it does not answer
};

struct watchdog {
    struct watchdog_options options;
    struct event *round;
    uint64_t steps; // of the writer
    struct watched writer, clock;
    struct watched workers[]; // service->workers
};

// Counts; false when it has been silent for too long.
static bool
judge(struct watchdog *watchdog, struct watched *watched, bool answered, unsigned patience, const char *name)
{
    watched->silent = answered ? 0 : watched->silent + 1;
    if (watched->silent < patience) {
        watched->told = false;
        return true;
    }
    if (!watched->told)
        LOG_ERROR(watchdog->options.service->log, "watchdog", "a thread does not answer",
                  LOG_TEXT("thread", name));
    watched->told = true;
    return false;
}

static bool
ask_loop(struct watchdog *watchdog, struct watched *watched, struct mailbox *mailbox, const char *name)
{
    bool answered = !mailbox_holds(mailbox, MAILBOX_ASKED);

    if (answered)
        mailbox_notify(mailbox, MAILBOX_ASKED);
    return judge(watchdog, watched, answered, LOOP_PATIENCE, name);
}

static bool
ask_writer(struct watchdog *watchdog)
{
    const struct service *service = watchdog->options.service;
    uint64_t steps = writer_steps(service->writer);
    bool answered = !queue_is_asked(service->queue);

    if (answered)
        queue_ask(service->queue);
    answered = answered || steps != watchdog->steps;
    watchdog->steps = steps;
    return judge(watchdog, &watchdog->writer, answered, WRITER_PATIENCE, "writer");
}

static void
name_worker(unsigned number, char out[NAME_MAX_BYTES])
{
    snprintf(out, NAME_MAX_BYTES, "worker-%u", number);
}

static void
on_round(evutil_socket_t fd, short what, void *arg)
{
    struct watchdog *watchdog = arg;
    struct service *service = watchdog->options.service;
    bool alive;

    (void)fd;
    (void)what;
    if (atomic_load(&service->state) != SERVICE_SERVING)
        return; // threads end, and the manager waits for that
    alive = ask_writer(watchdog);
    alive = ask_loop(watchdog, &watchdog->clock, watchdog->options.clock, "clock") && alive;
    for (unsigned i = 0; i < service->workers; i++) {
        char name[NAME_MAX_BYTES];

        name_worker(i, name);
        alive = ask_loop(watchdog, &watchdog->workers[i], &watchdog->options.mailboxes[i], name) && alive;
    }
    if (alive && watchdog->options.feeds)
        systemd_alive();
}

struct watchdog *
watchdog_new(const struct watchdog_options *options)
{
    struct watchdog *watchdog =
        calloc(1, sizeof *watchdog + options->service->workers * sizeof watchdog->workers[0]);
    uint64_t round_us = options->interval_us / ROUNDS + 1;
    struct timeval round = {(time_t)(round_us / 1000000), (suseconds_t)(round_us % 1000000)};

    if (watchdog == NULL)
        return NULL;
    watchdog->options = *options;
    watchdog->round = event_new(options->base, -1, EV_PERSIST, on_round, watchdog);
    if (watchdog->round == NULL || event_add(watchdog->round, &round) != 0) {
        watchdog_free(watchdog);
        return NULL;
    }
    return watchdog;
}

void
watchdog_free(struct watchdog *watchdog)
{
    if (watchdog == NULL)
        return;
    if (watchdog->round != NULL)
        event_free(watchdog->round);
    free(watchdog);
}

static void
add_name(const struct watched *watched, const char *name, char *out, size_t size)
{
    size_t len = strlen(out);

    if (watched->told)
        snprintf(out + len, size - len, "%s%s", len == 0 ? "" : " ", name);
}

bool
watchdog_all_go_on(const struct watchdog *watchdog, char *out, size_t size)
{
    out[0] = '\0';
    if (watchdog == NULL)
        return true;
    add_name(&watchdog->writer, "writer", out, size);
    add_name(&watchdog->clock, "clock", out, size);
    for (unsigned i = 0; i < watchdog->options.service->workers; i++) {
        char name[NAME_MAX_BYTES];

        name_worker(i, name);
        add_name(&watchdog->workers[i], name, out, size);
    }
    return out[0] == '\0';
}
