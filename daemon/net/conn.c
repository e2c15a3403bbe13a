// SPDX-License-Identifier: Apache-2.0
// One connection on its loop. Invariants: a connection moves from state to state in move() only; what is read
// is bounded, as at most one frame and one read lie in the input before the frames are handled; a run handles
// FRAMES_PER_RUN frames at most, fewer that take long, and sends once, then the others have their turn; a
// connection may be freed in run() and in callbacks only, at their end.
#include "net/conn.h"
#include "base/clock.h"
#include "net/asking.h"
#include "net/conn_state.h"
#include "net/intake.h"
#include "net/stream.h"
#include "rpc/readings.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "work/job.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES_PER_RUN 64u
#define SENDS_AT_ONCE  4u // connections, as waking a client costs more than sending does
#define LINGER_S       2  // for the peer to take the last answer and to close

struct conn {
    struct conn_loop *loop;
    int fd;
    enum conn_state state;
    struct session session;
    struct buf in, out;
    unsigned in_flight;    // jobs and readings that have not come back
    unsigned readings;     // of them, readings
    bool scheduled;        // is in loop->ready
    uint64_t round;        // of the ready ones in which it has its turn
    bool frames_wait;      // scheduled for frames that have come, so they are handled before more is read
    bool reading, writing; // readable or writable is added to the loop
    bool eof;              // the peer sends no more
    bool told_fault;       // the last answer says why the connection ends, so it must arrive
    bool shut_out;         // the caller may call no more: what waits is sent within linger_until_us, or never
    bool expires;          // is counted in loop->expiring
    int64_t received_us;   // when bytes came last
    int64_t linger_until_us;
    struct watcher watcher;
    struct event *readable, *writable;
    struct sender sender;
    TAILQ_ENTRY(conn) ready, waiting;
};

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

// ---- State

static void
move(struct conn *conn, enum conn_event event)
{
    enum conn_state next = conn_state_next(conn->state, event);

    if (next == conn->state)
        return;
    if (conn->state == CONN_QUEUE)
        TAILQ_REMOVE(&conn->loop->waiting, conn, waiting);
    if (next == CONN_QUEUE)
        TAILQ_INSERT_TAIL(&conn->loop->waiting, conn, waiting);
    conn->state = next;
}

void
conn_wake(struct conn *conn)
{
    if (!conn->scheduled) {
        conn->round = conn->loop->round;
        TAILQ_INSERT_TAIL(&conn->loop->ready, conn, ready);
    }
    conn->scheduled = true;
}

static void
schedule(struct conn *conn)
{
    conn_wake(conn);
    conn->frames_wait = true;
}

static void
unschedule(struct conn *conn)
{
    if (conn->scheduled)
        TAILQ_REMOVE(&conn->loop->ready, conn, ready);
    conn->scheduled = false;
    conn->frames_wait = false;
}

// Sees to it that the ready ones have their turn. Whoever may have scheduled one calls it before going back
// to the loop.
static void
arm_turn(struct conn_loop *loop)
{
    static const struct timeval next_turn = {0};

    // Adding a timer again that is about to run would put it off, for ever on a busy socket.
    if (TAILQ_EMPTY(&loop->ready) || event_pending(loop->turn, EV_TIMEOUT, NULL))
        return;
    // Timers take memory; without it the turn comes before other sockets have theirs.
    if (event_add(loop->turn, &next_turn) != 0)
        event_active(loop->turn, EV_TIMEOUT, 0);
}

// Asks the loop for what the state wants to know. 0 or -ENOMEM.
static int
watch(struct conn *conn)
{
    static const struct timeval linger = {.tv_sec = LINGER_S};
    bool lingers = conn->state == CONN_LINGERING;
    int rc = asking_for(conn->readable, (conn->state == CONN_OPEN && !conn->eof) || lingers,
                        lingers ? &linger : NULL, &conn->reading);

    return rc != 0 ? rc
                   : asking_for(conn->writable, buf_len(&conn->out) > 0, conn->shut_out ? &linger : NULL,
                                &conn->writing);
}

// ---- Making and freeing

static struct conn *
make(struct conn_loop *loop, int fd)
{
    struct conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL)
        return NULL;
    conn->loop = loop;
    conn->fd = fd;
    conn->sender.conn = conn;
    conn->watcher = (struct watcher){.conn = conn, .session = &conn->session, .out = &conn->out};
    conn->readable = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_readable, conn);
    conn->writable = event_new(loop->base, fd, EV_WRITE | EV_PERSIST, on_writable, conn);
    if (conn->readable == NULL || conn->writable == NULL ||
        slots_add(&loop->slots, conn, &conn->session.connection)) {
        if (conn->readable != NULL)
            event_free(conn->readable);
        if (conn->writable != NULL)
            event_free(conn->writable);
        free(conn);
        return NULL;
    }
    return conn;
}

static int
end_with_fault(struct conn *conn, const struct fault *fault)
{
    move(conn, CONN_ENDED);
    conn->told_fault = true;
    schedule(conn);
    return rpc_answer_fault(fault, &conn->out);
}

int
conn_new(struct conn_loop *loop, int fd, const struct identity *identity, const struct fault *refusal)
{
    struct conn *conn = make(loop, fd);
    int rc;

    if (conn == NULL) {
        close(fd);
        atomic_fetch_sub(&loop->service->connections, 1);
        return -ENOMEM;
    }
    conn->session.identity = *identity;
    if (refusal->code != CODE_OK)
        rc = end_with_fault(conn, refusal);
    else
        rc = watch(conn);
    if (rc != 0)
        conn_free(conn);
    return rc;
}

void
conn_free(struct conn *conn)
{
    struct conn_loop *loop = conn->loop;

    move(conn, CONN_BROKEN); // leaves the waiting list
    unschedule(conn);
    sending_leave(&loop->sending, &conn->sender);
    if (conn->readings > 0)
        readings_forget(loop->service->readings, loop->worker, conn->session.connection);
    watching_leave(&loop->watching, &conn->watcher);
    expiring_remove(&loop->expiring, &conn->expires);
    event_free(conn->readable);
    event_free(conn->writable);
    close(conn->fd);
    buf_free(&conn->in);
    buf_free(&conn->out);
    slots_remove(&loop->slots, conn->session.connection);
    free(conn);
    atomic_fetch_sub(&loop->service->connections, 1);
}

struct conn *
conn_find(struct conn_loop *loop, uint64_t number)
{
    return slots_get(&loop->slots, number);
}

// ---- Requests

// The caller may call no more, and was told so: nothing else is answered, and the connection ends.
static void
shut_out(struct conn *conn)
{
    move(conn, CONN_ENDED);
    conn->told_fault = conn->shut_out = true;
    conn->linger_until_us = clock_steady_us() + LINGER_S * INT64_C(1000000);
    schedule(conn);
}

// Handles a whole frame. 0 or -ENOMEM.
static int
handle(struct conn *conn, const struct frame *frame)
{
    int rc = rpc_handle(conn->loop->env, &conn->session, conn->received_us,
                        buf_bytes(&conn->in) + frame->header_len, frame->payload_len, &conn->out);

    if (rc < 0)
        return rc;
    if (rc == RPC_BUSY) {
        move(conn, CONN_QUEUE_FULL); // the frame stays where it is
        return 0;
    }
    buf_consume(&conn->in, frame->header_len + frame->payload_len);
    if (rc == RPC_QUEUED || rc == RPC_READING)
        conn->in_flight++;
    if (rc == RPC_READING)
        conn->readings++;
    if (rc == RPC_CLOSE) {
        move(conn, CONN_ENDED);
        conn->told_fault = true;
    }
    if (rc == RPC_ENDED)
        shut_out(conn);
    return conn->session.expires_us == 0 ? 0 : expiring_add(&conn->loop->expiring, &conn->expires);
}

static bool
is_flight_full(const struct conn *conn)
{
    const struct service *service = conn->loop->service;

    return conn->in_flight >= service->max_in_flight ||
           (conn->readings > 0 && conn->readings >= service->max_long_reads);
}

static bool
pauses(struct conn *conn)
{
    if (is_flight_full(conn))
        move(conn, CONN_FLIGHT_FULL);
    else if (buf_len(&conn->out) > conn->loop->output_max)
        move(conn, CONN_OUTPUT_FULL);
    return conn->state != CONN_OPEN;
}

// Handles the frames that are there, up to a number. 0 or -ENOMEM.
static int
handle_frames(struct conn *conn)
{
    for (unsigned i = 0; i < FRAMES_PER_RUN && !pauses(conn) && !rpc_is_tired(conn->loop->env); i++) {
        struct fault fault;
        struct frame frame;
        enum frame_result result = intake_next(&conn->in, conn->loop->service->max_frame, &frame, &fault);
        int rc = 0;

        if (result == FRAME_PARTIAL) {
            if (conn->eof)
                move(conn, CONN_ENDED);
            return 0;
        }
        rc = result == FRAME_WHOLE ? handle(conn, &frame) : end_with_fault(conn, &fault);
        if (rc != 0)
            return rc;
    }
    if (conn->state == CONN_OPEN)
        schedule(conn); // more may be there; the others first
    return 0;
}

// ---- Output

static int
send_once(struct conn *conn)
{
    bool moved;
    int rc = stream_send(conn->fd, &conn->out, &moved);

    if (rc == 0 && watching_sent(&conn->loop->watching, &conn->watcher, moved))
        conn_wake(conn);
    return rc;
}

static void
start_lingering(struct conn *conn)
{
    move(conn, CONN_SENT);
    if (conn->eof || (!conn->told_fault && !stream_has_unread(conn->fd)) ||
        shutdown(conn->fd, SHUT_WR) != 0) {
        move(conn, CONN_BROKEN);
        return;
    }
    conn->linger_until_us = clock_steady_us() + LINGER_S * INT64_C(1000000);
    buf_free(&conn->in);
}

// ---- Watches

// Adds what the watches have to tell. 0 or -ENOMEM.
static int
feed(struct conn *conn)
{
    if (conn->state == CONN_CLOSING && conn->told_fault)
        watch_drop_all(&conn->session.watches);
    else if (conn->state == CONN_CLOSING) // the client asks for nothing any more
        watch_drop_endless(&conn->session.watches);
    return watching_feed(&conn->loop->watching, &conn->watcher);
}

void
conn_tick(struct conn *conn)
{
    int64_t stall_us = conn->loop->service->watch_stall_us;

    if (watching_is_stalled(&conn->watcher, stall_us) &&
        (watching_end_stalled(&conn->watcher, stall_us) != 0 || send_once(conn) != 0 ||
         buf_len(&conn->out) > 0))
        conn_free(conn);
    else
        conn_wake(conn);
}

// ---- A turn

static void
resume_if_possible(struct conn *conn)
{
    const struct conn_loop *loop = conn->loop;

    if ((conn->state == CONN_FLIGHT && !is_flight_full(conn)) ||
        (conn->state == CONN_OUTPUT && buf_len(&conn->out) <= loop->output_max / 2)) {
        move(conn, CONN_RESUMED);
        schedule(conn);
    }
}

// Sends, and frees the connection when it is done with.
static void
finish_run(struct conn *conn)
{
    int rc = send_once(conn);

    if (rc == 0 && conn->state == CONN_CLOSING && (conn->in_flight == 0 || conn->shut_out) &&
        buf_len(&conn->out) == 0 && conn->session.watches.count == 0)
        start_lingering(conn);
    resume_if_possible(conn);
    if (rc != 0 || conn->state == CONN_CLOSED || watch(conn) != 0)
        conn_free(conn);
}

void
conn_send_all(struct conn_loop *loop)
{
    sending_each(&loop->sending, finish_run);
    arm_turn(loop);
}

// Handles what has come; what there is to send is sent together with others, as each send wakes its client.
static void
run(struct conn *conn)
{
    struct conn_loop *loop = conn->loop;
    int rc = 0;

    unschedule(conn);
    if (conn->state == CONN_OPEN)
        rc = handle_frames(conn);
    rpc_pause(conn->loop->env);
    stream_return(&conn->in, &conn->loop->spare);
    if (rc == 0)
        rc = feed(conn);
    if (rc != 0)
        conn_free(conn);
    else if (sending_add(&loop->sending, &conn->sender) == SENDS_AT_ONCE)
        conn_send_all(loop);
}

static void
discard(struct conn *conn, short what)
{
    if ((what & EV_TIMEOUT) != 0 || !stream_discard(conn->fd) || clock_steady_us() >= conn->linger_until_us)
        conn_free(conn);
}

// Reads once and has the frames handled.
static void
read_and_run(struct conn *conn)
{
    struct conn_loop *loop = conn->loop;
    ssize_t got = stream_read(conn->fd, &conn->in, &loop->spare);

    if (got == -EAGAIN)
        return;
    if (got < 0) {
        conn_free(conn);
        return;
    }
    if (loop->now_us == 0)
        loop->now_us = clock_steady_us();
    conn->received_us = loop->now_us;
    conn->eof = got == 0;
    run(conn);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *conn = arg;
    struct conn_loop *loop = conn->loop;

    (void)fd;
    if (conn->state == CONN_LINGERING)
        discard(conn, what);
    else if (!conn->frames_wait) // else what has come before is handled first
        read_and_run(conn);
    arm_turn(loop);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *conn = arg;
    struct conn_loop *loop = conn->loop;

    (void)fd;
    if (conn->shut_out && ((what & EV_TIMEOUT) != 0 || clock_steady_us() >= conn->linger_until_us))
        conn_free(conn);
    else if (!conn->scheduled) // else its turn comes soon
        run(conn);
    arm_turn(loop);
}

void
conn_answer(struct conn *conn, const struct job *job)
{
    int rc = rpc_answer_job(conn->loop->env, &conn->session, job, &conn->out);

    assert(conn->in_flight > 0);
    conn->in_flight--;
    if (rc < 0)
        conn_free(conn); // the client learns that way that an answer is missing
    else if (rc == RPC_ENDED && !conn->shut_out)
        shut_out(conn);
    else
        schedule(conn);
}

void
conn_answer_reading(struct conn *conn, const struct reading *reading)
{
    int rc = rpc_may_answer(conn->loop->env, &conn->session, &conn->out);

    assert(conn->in_flight > 0 && conn->readings > 0);
    conn->in_flight--;
    conn->readings--;
    if (rc < 0 || (rc == RPC_ANSWERED &&
                   (buf_len(&reading->out) == 0 ||
                    buf_append(&conn->out, buf_bytes(&reading->out), buf_len(&reading->out)) != 0)))
        conn_free(conn); // as above
    else if (rc == RPC_ENDED && !conn->shut_out)
        shut_out(conn);
    else
        schedule(conn);
}

void
conn_check(struct conn *conn)
{
    int rc = rpc_check(conn->loop->env, &conn->session, &conn->out);

    if (rc < 0)
        conn_free(conn);
    else if (rc == RPC_ENDED)
        shut_out(conn);
}

void
conn_end(struct conn *conn)
{
    struct fault fault;

    fault_fill(&fault, CODE_UNAVAILABLE, "", "the daemon stops");
    move(conn, CONN_ENDED);
    if (watch_end_all(&conn->session.watches, &fault, &conn->out) != 0)
        conn_free(conn);
    else
        schedule(conn);
}

void
conn_room(struct conn_loop *loop)
{
    struct conn *conn;

    while ((conn = TAILQ_FIRST(&loop->waiting)) != NULL) {
        move(conn, CONN_RESUMED);
        schedule(conn);
    }
}

void
conn_run_ready(struct conn_loop *loop)
{
    uint64_t now = loop->round++;
    struct conn *conn;

    // One that is woken meanwhile has the next round; one that is freed has left the list.
    while ((conn = TAILQ_FIRST(&loop->ready)) != NULL && conn->round <= now) {
        TAILQ_REMOVE(&loop->ready, conn, ready);
        conn->scheduled = conn->frames_wait = false;
        run(conn); // may put it on loop->ready again
    }
    arm_turn(loop);
}
