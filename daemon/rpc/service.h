// SPDX-License-Identifier: Apache-2.0
// What all threads know about the daemon as a whole. Its members are atomic or never change while threads
// run.
#ifndef RPC_SERVICE_H
#define RPC_SERVICE_H

#include "base/attr.h"
#include "base/counters.h"
#include "base/sandbox.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backup_options;
struct gauges;
struct limits;
struct log;
struct options;
struct queue;
struct quota;
struct readings;
struct secret;
struct store;
struct tallies;
struct tasks;
struct writer;

enum service_state {
    SERVICE_STARTING,
    SERVICE_SERVING,
    SERVICE_DRAINING,
};

struct service {
    struct store *store;
    struct queue *queue;
    struct writer *writer;
    struct secret *secret;
    struct readings *readings; // NULL = every read is answered where it arrives
    struct tasks *tasks;       // of the job thread; NULL = it is not there
    struct quota *quota;       // of tokens and clients; NULL = no limits
    const struct backup_options *backups;
    _Atomic int64_t backed_up_us; // when the newest backup became whole, since 1970; 0 = there is none
    struct gauges *gauges;        // of the store; NULL = nobody looks
    struct tallies *tallies;      // of what is answered; NULL = nobody counts
    const struct log *log;
    struct sandbox sandbox;
    int64_t started_us; // on the steady clock
    unsigned workers;
    size_t max_frame;      // bytes
    size_t request_memory; // bytes
    unsigned max_batch_writes;
    _Atomic(const struct limits *) limits; // in force now
    const struct limits *newest_limits;    // the list that rpc/limits.c keeps
    _Atomic int state;                     // enum service_state
    _Atomic uint32_t connections;
    _Atomic uint32_t strangers; // of them, those on which nobody has said who calls
    _Atomic uint32_t dumps;     // streams that sessions hold
    _Atomic uint64_t requests;  // answered; each worker adds once per wake-up
    struct counters counters;   // of refusals
};

// Fills in what the options say, limits among them, so that limits_free is due; store, queue and writer are
// set later, before workers start. 0 or -ENOMEM. Main thread.
int service_init(struct service *service, const struct options *options, const struct log *log) MUST_CHECK;

// The limits that are in force at this moment. Any thread.
static inline const struct limits *
service_limits(const struct service *service)
{
    return atomic_load_explicit(&service->limits, memory_order_acquire);
}

// A connection has gone, of a stranger or of somebody known. Any thread.
void service_leave(struct service *service, bool stranger);

// Whether more strangers are connected than may be: half of all connections, so that a crowd keeps nobody out
// who is known. Any thread.
bool service_is_crowded(const struct service *service);

#endif
