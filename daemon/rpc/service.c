// SPDX-License-Identifier: Apache-2.0
// What the options and the machine allow.
#include "rpc/service.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include <inttypes.h>
#include <sched.h>
#include <sys/resource.h>

#define SPARE_FILES 64u // beside those of connections

static unsigned
count_cores(void)
{
    cpu_set_t cores;

    if (sched_getaffinity(0, sizeof cores, &cores) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&cores);
}

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
    log_line(log, LOG_LEVEL_WARNING, "main",
             "the limit of open files allows fewer connections than max_connections connections=%" PRIu64,
             wanted);
    return (unsigned)wanted;
}

void
service_init(struct service *service, const struct options *options, const struct log *log)
{
    *service = (struct service){.log = log};
    service->started_us = clock_steady_us();
    service->workers = options->workers == 0 ? count_cores() : (unsigned)options->workers;
    service->max_frame = options->max_frame;
    service->request_memory = options->request_memory;
    service->max_in_flight = (unsigned)options->max_in_flight;
    service->max_connections = allow_files(log, options->max_connections);
    service->max_batch_writes = (unsigned)options->max_batch_writes;
    service->read_budget = options->read_budget;
    service->max_long_reads = (unsigned)options->max_long_reads;
    service->long_read_us = (int64_t)options->long_read_s * 1000000;
    service->watch_lag = options->watch_lag;
    service->handshake_timeout_us = (int64_t)options->handshake_timeout_s * 1000000;
    service->frame_timeout_us = (int64_t)options->frame_timeout_s * 1000000;
    service->write_timeout_us = (int64_t)options->write_timeout_s * 1000000;
    service->idle_timeout_us = (int64_t)options->idle_timeout_s * 1000000;
}

void
service_leave(struct service *service, bool stranger)
{
    atomic_fetch_sub(&service->connections, 1);
    if (stranger)
        atomic_fetch_sub(&service->strangers, 1);
}

bool
service_is_crowded(const struct service *service)
{
    return atomic_load(&service->strangers) > (service->max_connections + 1) / 2;
}
