// SPDX-License-Identifier: Apache-2.0
// Invariant: service->limits is one of a list that only grows.
#include "rpc/limits.h"
#include "base/log.h"
#include "base/options.h"
#include "rpc/service.h"
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

#define SPARE_FILES 64u // beside those of connections
#define SECOND_US   INT64_C(1000000)

// Raises the limit of files as far as it goes; returns how many connections that allows, up to wanted.
static unsigned
allow_files(const struct log *log, uint64_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return (unsigned)wanted;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted + SPARE_FILES)
        return (unsigned)wanted;
    wanted = limit.rlim_cur > 2 * SPARE_FILES ? limit.rlim_cur - SPARE_FILES : SPARE_FILES;
    LOG_WARNING(log, "main", "the limit of open files allows fewer connections than max_connections",
                LOG_U64("connections", wanted));
    return (unsigned)wanted;
}

static bool
are_same(const struct limits *a, const struct limits *b)
{
    return a->max_connections == b->max_connections && a->max_in_flight == b->max_in_flight &&
           a->max_long_reads == b->max_long_reads && a->long_read_us == b->long_read_us &&
           a->read_budget == b->read_budget && a->watch_lag == b->watch_lag &&
           a->output_max == b->output_max && a->handshake_timeout_us == b->handshake_timeout_us &&
           a->frame_timeout_us == b->frame_timeout_us && a->write_timeout_us == b->write_timeout_us &&
           a->idle_timeout_us == b->idle_timeout_us;
}

const struct limits *
limits_make(struct service *service, const struct options *options)
{
    struct limits wanted = {.max_connections = allow_files(service->log, options->max_connections),
                            .max_in_flight = (unsigned)options->max_in_flight,
                            .max_long_reads = (unsigned)options->max_long_reads,
                            .long_read_us = (int64_t)options->long_read_s * SECOND_US,
                            .read_budget = options->read_budget,
                            .watch_lag = options->watch_lag,
                            .output_max = options->output_buffer,
                            .handshake_timeout_us = (int64_t)options->handshake_timeout_s * SECOND_US,
                            .frame_timeout_us = (int64_t)options->frame_timeout_s * SECOND_US,
                            .write_timeout_us = (int64_t)options->write_timeout_s * SECOND_US,
                            .idle_timeout_us = (int64_t)options->idle_timeout_s * SECOND_US,
                            .older = service->newest_limits};
    const struct limits *found = service->newest_limits;
    struct limits *made;

    while (found != NULL && !are_same(found, &wanted))
        found = found->older;
    if (found == NULL) {
        made = malloc(sizeof *made);
        if (made == NULL)
            return NULL;
        *made = wanted;
        found = service->newest_limits = made;
    }
    return found;
}

void
limits_use(struct service *service, const struct limits *limits)
{
    atomic_store_explicit(&service->limits, limits, memory_order_release);
}

void
limits_free(struct service *service)
{
    while (service->newest_limits != NULL) {
        const struct limits *gone = service->newest_limits;

        service->newest_limits = gone->older;
        free((void *)gone);
    }
    atomic_store(&service->limits, NULL);
}
