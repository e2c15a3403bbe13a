// SPDX-License-Identifier: Apache-2.0
// A connection from inside: for conn.c and conn_end.c only.
#ifndef NET_CONN_INTERNAL_H
#define NET_CONN_INTERNAL_H

#include "net/conn.h"
#include "net/conn_state.h"
#include "net/stream.h"
#include "rpc/rpc.h"
#include "rpc/service.h"

struct conn {
    struct conn_loop *loop;
    struct stream stream;
    enum conn_state state;
    struct session session;
    struct buf in, out;
    unsigned in_flight;  // jobs, readings and tasks that have not come back
    unsigned readings;   // of them, readings
    unsigned tasks;      // of them, tasks of the job thread
    bool scheduled;      // is in loop->ready
    uint64_t round;      // of the ready ones in which it has its turn
    bool frames_wait;    // scheduled for frames that have come, so they are handled before more is read
    bool stranger;       // Hello must say who calls, within the handshake's time limit
    bool heard;          // bytes have come
    bool begun;          // a frame is in the input that is not whole
    bool moved, took;    // since the time limit was set: bytes moved, a whole frame was taken
    bool sent;           // the same: output was taken
    bool eof;            // the peer sends no more
    bool shut_out;       // the caller may call no more: what waits is sent soon, or never
    bool told_fault;     // the last answer says why the connection ends, so it must arrive
    int unsent;          // bytes that the client had not taken of the socket when it had no room for more
    int64_t received_us; // when bytes came last
    int64_t linger_until_us;
    struct watcher watcher;
    struct timed timed;
    struct sender sender;
    struct shaker shaker;
    TAILQ_ENTRY(conn) ready, waiting;
};

// Bytes that a frame may have: Hello needs few.
static inline size_t
conn_max_frame(const struct conn *conn)
{
    return conn->session.open ? conn->loop->service->max_frame : 4096;
}

// Moves the connection to the state that the event leads to.
void conn_move(struct conn *conn, enum conn_event event);

// Gives the connection a turn for the frames that it has.
void conn_schedule(struct conn *conn);

// Asks the loop, and the clock, for what the state wants to know. 0 or -ENOMEM.
int conn_ask(struct conn *conn) MUST_CHECK;

#endif
