// SPDX-License-Identifier: Apache-2.0
// What a read may do where it runs, and what becomes of one that is too large for a worker's loop: its bytes
// go to a reading thread. The thread of the request.
#ifndef RPC_HANDOVER_H
#define RPC_HANDOVER_H

#include "base/attr.h"
#include "base/effort.h"
#include "base/fault.h"
#include <stddef.h>
#include <stdint.h>

struct limits;
struct service;
struct session;

// A request that is to be handed over.
struct handover {
    unsigned worker;
    const struct session *session;
    const uint8_t *payload;
    size_t len;
    int64_t arrived_us; // steady clock
};

// On a loop (ended is NULL) so much work as the budget of the limits says; in a reading thread what can be
// done until the deadline (steady clock; 0 = none) and within their time, or until *ended.
struct effort handover_effort(const struct service *service, const struct limits *limits,
                              const _Atomic bool *ended, int64_t deadline_us);

// The part of the budget that was used on a loop, of an effort with the same limits.
uint64_t handover_used(const struct service *service, const struct limits *limits,
                       const struct effort *effort);

// 0: a reading thread has it. FAULT: it is refused.
int handover_push(const struct service *service, const struct handover *handover,
                  struct fault *fault) MUST_CHECK;

// Says why a reading thread gave a request up; FAULT.
int handover_late(const struct effort *effort, int64_t deadline_us, struct fault *fault) MUST_CHECK;

#endif
