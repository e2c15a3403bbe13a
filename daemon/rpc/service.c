// SPDX-License-Identifier: Apache-2.0
// What the options and the machine allow.
#include "rpc/service.h"
#include "base/clock.h"
#include "base/options.h"
#include "rpc/limits.h"
#include <errno.h>
#include <sched.h>

static unsigned
count_cores(void)
{
    cpu_set_t cores;

    if (sched_getaffinity(0, sizeof cores, &cores) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&cores);
}

int
service_init(struct service *service, const struct options *options, const struct log *log)
{
    const struct limits *limits;

    *service = (struct service){.log = log};
    service->started_us = clock_steady_us();
    service->workers = options->workers == 0 ? count_cores() : (unsigned)options->workers;
    service->max_frame = options->max_frame;
    service->request_memory = options->request_memory;
    service->max_batch_writes = (unsigned)options->max_batch_writes;
    limits = limits_make(service, options);
    limits_use(service, limits);
    return limits == NULL ? -ENOMEM : 0;
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
    return atomic_load(&service->strangers) > (service_limits(service)->max_connections + 1) / 2;
}
