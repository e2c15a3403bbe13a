// SPDX-License-Identifier: Apache-2.0
// A connection: bytes in, frames, answers, bytes out. It lives on one worker's loop and is never seen by
// another thread.
//
#ifndef NET_CONN_H
#define NET_CONN_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "net/handshakes.h"
#include "net/sending.h"
#include "net/slots.h"
#include "net/timeouts.h"
#include "net/watching.h"
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;
struct limits;
struct rpc_env;
struct service;
struct worker_mail;

TAILQ_HEAD(conn_list, conn);

// What the connections of a worker share. The worker owns it.
struct conn_loop {
    struct event_base *base;
    struct rpc_env *env;
    struct service *service;
    unsigned worker;             // number
    const struct limits *limits; // as of this turn
    struct slots slots;          // the connections by number
    uint64_t round;              // of turns of the ready ones, to come
    struct conn_list ready;      // have something to do without a word from their sockets
    struct conn_list waiting;    // were turned away by the write queue, in that order
    struct sending sending;      // have run in this turn of the loop, and send together
    struct handshakes shakes;    // have a step of their handshake to do, behind all others
    struct watching watching;    // the connections that follow the journal
    struct timeouts timeouts;    // how long connections may be late
    struct event *turn;          // runs the ready ones in the next turn of the loop
    struct buf spare;            // input memory that no connection holds
    int64_t now_us;              // for conn_now: steady clock since a wake-up; 0 = read it
};

// The steady clock, read once for each wake-up.
static inline int64_t
conn_now(struct conn_loop *loop)
{
    if (loop->now_us == 0)
        loop->now_us = clock_steady_us();
    return loop->now_us;
}

// Takes the socket of mail over (closes it on failure too) and starts to read. With a refusal (code other
// than OK) that is told and the connection ends. 0 or -ENOMEM.
int conn_new(struct conn_loop *loop, const struct worker_mail *mail) MUST_CHECK;

// Closes the stranger who has waited longest, if there is a crowd of them: who comes to say Hello has the
// time that this takes.
void conn_end_crowd(struct conn_loop *loop);

// The connection with this number, or NULL.
struct conn *conn_find(struct conn_loop *loop, uint64_t number);

// Looks whether the caller may still call; if not, it is told so, and the connection ends by conn_run_ready.
// Call rpc_pause behind it.
void conn_check(struct conn *conn);

// The same for a connection whose token expires; once a second.
void conn_check_end(struct conn *conn);

// Stops reading and ends watches; what is under way is answered and sent, and the connection closed, by
// conn_run_ready or later.
void conn_end(struct conn *conn);

// Closes at once and frees.
void conn_free(struct conn *conn);

// The write queue has room: those that wait for it may go on.
void conn_room(struct conn_loop *loop);

// Gives a connection a turn, in which it may read as well: the store has changed, or its output has room.
void conn_wake(struct conn *conn);

// A time limit is over: the client is told so, unless it takes nothing, and the connection closed.
void conn_time_out(struct conn *conn);

// Gives every ready connection its turn.
void conn_run_ready(struct conn_loop *loop);

// Sends what the connections that have run have to send, then goes on with handshakes that wait. Call it at
// the end of each turn of the loop.
void conn_end_turn(struct conn_loop *loop);

#endif
