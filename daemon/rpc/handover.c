// SPDX-License-Identifier: Apache-2.0
// Handing on a request whose work has turned out to be too much for a loop.
#include "rpc/handover.h"
#include "base/clock.h"
#include "rpc/limits.h"
#include "rpc/readings.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "store/store.h"
#include "work/writer.h"
#include <stdatomic.h>

#define LOOK_EVERY 50000u // units of effort, so about half a millisecond

static bool
is_bounded(const struct service *service, const struct limits *limits)
{
    return service->readings != NULL && limits->read_budget != 0;
}

struct effort
handover_effort(const struct service *service, const struct limits *limits, const _Atomic bool *ended,
                int64_t deadline_us)
{
    int64_t until;

    if (ended == NULL)
        return (struct effort){.left = is_bounded(service, limits) ? limits->read_budget : UINT64_MAX};
    until = clock_steady_us() + limits->long_read_us;
    return (struct effort){.slice = LOOK_EVERY,
                           .until_us = deadline_us != 0 && deadline_us < until ? deadline_us : until,
                           .ended = ended};
}

uint64_t
handover_used(const struct service *service, const struct limits *limits, const struct effort *effort)
{
    return is_bounded(service, limits) && effort->slice == 0 ? limits->read_budget - effort->left : 0;
}

int
handover_push(const struct service *service, const struct handover *handover, struct fault *fault)
{
    struct reading *reading = reading_new(handover->payload, handover->len);
    uint32_t retry_ms;
    int rc;

    if (reading == NULL) {
        writer_fault(fault, STORE_FAULT_MEMORY);
        return FAULT;
    }
    reading->worker = handover->worker;
    reading->connection = handover->session->connection;
    reading->identity = handover->session->identity;
    reading->arrived_us = handover->arrived_us;
    rc = readings_push(service->readings, reading, &retry_ms);
    if (rc == 0)
        return 0;
    reading_free(reading);
    if (rc == READINGS_E_CLOSED)
        return fault_set(fault, CODE_UNAVAILABLE, "", "the daemon stops");
    fault_fill(fault, CODE_RESOURCE_EXHAUSTED, "",
               "too many requests that take long wait already (option long_reads)");
    fault->retry_after_ms = retry_ms;
    return FAULT;
}

int
handover_late(const struct effort *effort, int64_t deadline_us, struct fault *fault)
{
    if (atomic_load(effort->ended))
        return fault_set(fault, CODE_UNAVAILABLE, "", "the daemon stops");
    if (effort->until_us == deadline_us)
        return fault_set(fault, CODE_DEADLINE_EXCEEDED, "deadline_ms",
                         "the deadline passed before the answer was found");
    return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "",
                     "the request takes more time than one may take (option long_read_s); ask for less");
}
