// SPDX-License-Identifier: Apache-2.0
// What all threads know about the daemon as a whole. Its members are atomic or never change while threads
// run.
#ifndef RPC_SERVICE_H
#define RPC_SERVICE_H

#include "base/counters.h"
#include "base/sandbox.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log;
struct options;
struct queue;
struct quota;
struct readings;
struct secret;
struct store;
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
    struct quota *quota;       // of tokens and clients; NULL = no limits
    const struct log *log;
    struct sandbox sandbox;
    int64_t started_us; // on the steady clock
    unsigned workers;
    size_t max_frame;      // bytes
    size_t request_memory; // bytes
    unsigned max_in_flight;
    unsigned max_connections;
    unsigned max_batch_writes;
    uint64_t read_budget;    // units of effort that a read may take on a loop; 0 = no bound
    unsigned max_long_reads; // of a connection in flight before it is not read any more
    int64_t long_read_us;    // that one may take in its thread
    uint64_t watch_lag;      // entries that a watch may fall behind
    int64_t handshake_timeout_us, frame_timeout_us, write_timeout_us, idle_timeout_us; // 0 = none
    _Atomic int state;                                                                 // enum service_state
    _Atomic uint32_t connections;
    _Atomic uint32_t strangers;       // of them, those on which nobody has said who calls
    _Atomic uint64_t refused_hellos;  // since they were logged last
    _Atomic int64_t told_refusals_us; // when that was, on the steady clock
    _Atomic uint64_t requests;        // answered; each worker adds once per wake-up
    struct counters counters;         // of refusals
};

// Fills in what the options say, and raises the limit of open files as far as the connections need; store,
// queue and writer are set later, before workers start. Main thread.
void service_init(struct service *service, const struct options *options, const struct log *log);

// A connection has gone, of a stranger or of somebody known. Any thread.
void service_leave(struct service *service, bool stranger);

// Whether more strangers are connected than may be: half of all connections, so that a crowd keeps nobody out
// who is known. Any thread.
bool service_is_crowded(const struct service *service);

#endif
