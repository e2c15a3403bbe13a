// SPDX-License-Identifier: Apache-2.0
// Time limits of a worker's connections. For each limit there is a list of the connections that it holds for,
// ordered by when it began, and once a second somebody looks at the heads: a request costs a comparison, and
// one move in a list each second. So a limit is kept up to two seconds late, and never early. One thread.
#ifndef NET_TIMEOUTS_H
#define NET_TIMEOUTS_H

#include "base/fault.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;
struct limits;

enum timeout {
    TIMEOUT_NONE,
    TIMEOUT_HELLO,   // since it was accepted, until Hello is answered OK
    TIMEOUT_FRAME,   // since a frame began, until it is whole
    TIMEOUT_OUT,     // since the caller was told to call no more, of a connection that ends
    TIMEOUT_WRITE,   // since the client took output last, while some waits for it
    TIMEOUT_IDLE,    // since bytes moved, with nothing under way
    TIMEOUT_CLOSING, // since bytes moved, of a connection that ends
    TIMEOUTS,
};

// A connection's side: all zero but for conn.
struct timed {
    struct conn *conn;
    enum timeout which;
    int64_t since_us; // steady clock
    TAILQ_ENTRY(timed) entry;
};

TAILQ_HEAD(timed_list, timed);

struct timeouts {
    struct timed_list lists[TIMEOUTS];
    int64_t after_us[TIMEOUTS]; // 0 = never
};

void timeouts_init(struct timeouts *timeouts, const struct limits *limits);

// Other limits hold from now on, for what has begun too.
void timeouts_change(struct timeouts *timeouts, const struct limits *limits);

// Says which limit holds for a connection now. The time begins at now_us (steady clock, never before an
// earlier call's) if another one held before, or if again.
void timeouts_set(struct timeouts *timeouts, struct timed *timed, enum timeout which, bool again,
                  int64_t now_us);

// Takes a connection out that goes.
void timeouts_leave(struct timeouts *timeouts, struct timed *timed);

// The connection for which a limit has held longest, or NULL.
struct conn *timeouts_first(const struct timeouts *timeouts, enum timeout which);

// Calls act for each connection whose time is over, which must end its limit or set it again at now_us; once
// a second.
void timeouts_expire(struct timeouts *timeouts, int64_t now_us, void (*act)(struct conn *conn));

// Says in fault what the client of a connection was late with.
void timeouts_explain(const struct timeouts *timeouts, enum timeout which, struct fault *fault);

#endif
