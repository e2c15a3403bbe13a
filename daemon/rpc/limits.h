// SPDX-License-Identifier: Apache-2.0
// What connections and requests may take. A struct limits never changes once it is in force: a reload puts
// another one in its place. Whoever works with several of them takes the pointer once, at the start of a
// request or a turn, so that he sees those of one configuration.
#ifndef RPC_LIMITS_H
#define RPC_LIMITS_H

#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

struct log;
struct options;
struct service;

struct limits {
    unsigned max_connections;
    unsigned max_in_flight;
    unsigned max_long_reads; // of a connection in flight before it is not read any more
    int64_t long_read_us;    // that one may take in its thread
    uint64_t read_budget;    // units of effort that a read may take on a loop; 0 = no bound
    uint64_t watch_lag;      // entries that a watch may fall behind
    uint64_t output_max;     // bytes of answers that wait for one client
    int64_t handshake_timeout_us, frame_timeout_us, write_timeout_us, idle_timeout_us; // 0 = none
    const struct limits *older; // that were in force before
};

// Makes what the options say, and raises the limit of open files as far as the connections need; the service
// keeps it until limits_free. Limits stay where they are when others are in force, as nobody knows who still
// looks at them; those that were made before are given again, so they take memory for each different
// configuration and not for each reload. NULL when memory is short. Main thread.
const struct limits *limits_make(struct service *service, const struct options *options) MUST_CHECK;

// Puts limits in force that were made. Main thread.
void limits_use(struct service *service, const struct limits *limits);

// Frees all of them; no other thread runs any more.
void limits_free(struct service *service);

#endif
