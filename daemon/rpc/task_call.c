// SPDX-License-Identifier: Apache-2.0
// Who asks waits for the answer as for that of a write: its connection counts it as in flight.
#include "rpc/task_call.h"
#include "base/clock.h"
#include "rpc/call.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "work/tasks.h"

#define RETRY_MS 10000u

int
task_call_push(struct call *call, struct task *task)
{
    uint32_t deadline_ms = call->request->deadline_ms;
    int64_t now = clock_steady_us();
    int rc;

    task->worker = call->worker;
    task->connection = call->session->connection;
    task->request = call->request->id;
    task->asked = call->request->body_case;
    task->began_us = now;
    task->deadline_us = deadline_ms == 0 ? 0 : now + (int64_t)deadline_ms * 1000;
    rc = tasks_push(call->service->tasks, task);
    if (rc == 0)
        return CALL_TASK;
    task_free(task);
    if (rc == TASKS_E_CLOSED)
        return fault_set(&call->fault, CODE_UNAVAILABLE, "", "the daemon stops");
    fault_fill(&call->fault, CODE_RESOURCE_EXHAUSTED, "", "too many tasks wait already");
    call->fault.retry_after_ms = RETRY_MS;
    return FAULT;
}
