// SPDX-License-Identifier: Apache-2.0
// A request on its way to the job thread. The thread of the request.
#ifndef RPC_TASK_CALL_H
#define RPC_TASK_CALL_H

#include "base/attr.h"

struct call;
struct task;

// Fills in who asks, and pushes the task, whose kind is set. CALL_TASK when the job thread has it; FAULT when
// it is refused, and then the task is freed.
int task_call_push(struct call *call, struct task *task) MUST_CHECK;

#endif
