// SPDX-License-Identifier: Apache-2.0
// One connection on its loop. Invariants: a connection moves from state to state in conn_move() only; what is
// read is bounded, as at most one frame and one read lie in the input before the frames are handled; a run
// handles FRAMES_PER_RUN frames at most, fewer that take long, and sends once, then the others have their
// turn; a connection may be freed in run() and in callbacks only, at their end.
#include "net/conn.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/conn_end.h"
#include "net/conn_internal.h"
#include "net/flow.h"
#include "net/intake.h"
#include "net/tls.h"
#include "net/worker.h"
#include "rpc/answer_dump.h"
#include "rpc/limits.h"
#include "rpc/readings.h"
#include "rpc/service.h"
#include "rpc/session_quota.h"
#include "work/tasks.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_PER_RUN 64u
#define SENDS_AT_ONCE  4u // connections, as waking a client costs more than sending does

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);
static void run(struct conn *conn);

// ---- State

void
conn_move(struct conn *conn, enum conn_event event)
{
    enum conn_state next = conn_state_next(conn->state, event);

    if (next == conn->state)
        return;
    if (conn->state == CONN_QUEUE)
        TAILQ_REMOVE(&conn->loop->waiting, conn, waiting);
    flow_count(&conn->loop->service->counters, event);
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

void
conn_schedule(struct conn *conn)
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
    if ((TAILQ_EMPTY(&loop->ready) && handshakes_is_empty(&loop->shakes)) ||
        event_pending(loop->turn, EV_TIMEOUT, NULL))
        return;
    // Timers take memory; without it the turn comes before other sockets have theirs.
    if (event_add(loop->turn, &next_turn) != 0)
        event_active(loop->turn, EV_TIMEOUT, 0);
}

// ---- What the loop is asked

static bool
reads(const struct conn *conn)
{
    return conn->state == CONN_OPEN && !conn->eof && !conn->shaker.listed;
}

int
conn_ask(struct conn *conn)
{
    bool lingers = conn->state == CONN_LINGERING;
    enum timeout limit = conn_end_limit(conn);
    bool again = conn_end_begins_again(conn, limit);
    int rc = stream_ask(&conn->stream, reads(conn) || lingers, buf_len(&conn->out) > 0);

    timeouts_set(&conn->loop->timeouts, &conn->timed, limit, again, conn_now(conn->loop));
    conn->moved = conn->sent = conn->took = false;
    return rc;
}

// ---- Making and freeing

static struct conn *
make(struct conn_loop *loop, const struct worker_mail *mail)
{
    struct conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL)
        return NULL;
    conn->loop = loop;
    conn->stranger = mail->stranger;
    conn->session.identity = mail->identity;
    conn->timed.conn = conn;
    conn->sender.conn = conn;
    conn->shaker.conn = conn;
    conn->watcher = (struct watcher){.conn = conn, .session = &conn->session, .out = &conn->out};
    if (slots_add(&loop->slots, conn, &conn->session.connection) != 0) {
        free(conn);
        return NULL;
    }
    if (stream_open(&conn->stream, mail->fd, mail->tls, loop->base, on_readable, on_writable, conn) != 0) {
        slots_remove(&loop->slots, conn->session.connection);
        free(conn);
        return NULL;
    }
    return conn;
}

int
conn_new(struct conn_loop *loop, const struct worker_mail *mail)
{
    struct conn *conn = make(loop, mail);
    int rc;

    if (conn == NULL) {
        close(mail->fd);
        service_leave(loop->service, mail->stranger);
        return -ENOMEM;
    }
    if (mail->refusal.code != CODE_OK)
        rc = conn_end_fault(conn, &mail->refusal);
    else
        rc = conn_ask(conn);
    if (rc != 0)
        conn_free(conn);
    return rc;
}

void
conn_free(struct conn *conn)
{
    struct conn_loop *loop = conn->loop;

    conn_move(conn, CONN_BROKEN); // leaves the waiting list
    unschedule(conn);
    sending_leave(&loop->sending, &conn->sender);
    handshakes_leave(&loop->shakes, &conn->shaker);
    if (conn->readings > 0)
        readings_forget(loop->service->readings, loop->worker, conn->session.connection);
    if (conn->tasks > 0)
        tasks_forget(loop->service->tasks, loop->worker, conn->session.connection);
    watching_leave(&loop->watching, &conn->watcher);
    session_quota_leave(loop->service, &conn->session);
    answer_dump_leave(loop->service, &conn->session);
    timeouts_leave(&loop->timeouts, &conn->timed);
    stream_close(&conn->stream);
    buf_free(&conn->in);
    buf_free(&conn->out);
    slots_remove(&loop->slots, conn->session.connection);
    service_leave(loop->service, conn->stranger);
    free(conn);
}

struct conn *
conn_find(struct conn_loop *loop, uint64_t number)
{
    return slots_get(&loop->slots, number);
}

// ---- Requests

// Handles a whole frame. 0 or -ENOMEM.
static int
handle(struct conn *conn, const struct frame *frame)
{
    int rc = rpc_handle(conn->loop->env, &conn->session, conn->received_us,
                        buf_bytes(&conn->in) + frame->header_len, frame->payload_len, &conn->out);

    if (rc < 0)
        return rc;
    if (rc == RPC_BUSY) {
        conn_move(conn, CONN_QUEUE_FULL); // the frame stays where it is
        return 0;
    }
    buf_consume(&conn->in, frame->header_len + frame->payload_len);
    conn->took = true;
    conn_end_strange(conn);
    if (rc == RPC_QUEUED || rc == RPC_READING || rc == RPC_TASK)
        conn->in_flight++;
    if (rc == RPC_READING)
        conn->readings++;
    if (rc == RPC_TASK)
        conn->tasks++;
    if (rc == RPC_CLOSE) {
        conn_move(conn, CONN_ENDED);
        conn->told_fault = true;
    }
    if (rc == RPC_ENDED)
        conn_end_shut_out(conn);
    return 0;
}

static bool
is_flight_full(const struct conn *conn)
{
    const struct limits *limits = conn->loop->limits;

    return conn->in_flight >= limits->max_in_flight ||
           (conn->readings > 0 && conn->readings >= limits->max_long_reads);
}

static bool
pauses(struct conn *conn)
{
    if (is_flight_full(conn))
        conn_move(conn, CONN_FLIGHT_FULL);
    else if (flow_is_full(buf_len(&conn->out), conn->session.due, conn->loop->limits->output_max))
        conn_move(conn, CONN_OUTPUT_FULL);
    return conn->state != CONN_OPEN;
}

// Handles the frames that are there, up to a number. 0 or -ENOMEM.
static int
handle_frames(struct conn *conn)
{
    conn->begun = false;
    for (unsigned i = 0; i < FRAMES_PER_RUN && !pauses(conn) && !rpc_is_tired(conn->loop->env); i++) {
        struct fault fault;
        struct frame frame;
        enum frame_result result = intake_next(&conn->in, conn_max_frame(conn), &frame, &fault);
        int rc = 0;

        if (result == FRAME_PARTIAL) {
            conn->begun = buf_len(&conn->in) > 0;
            if (conn->eof)
                conn_move(conn, CONN_ENDED);
            return 0;
        }
        flow_count_frame(&conn->loop->service->counters, result);
        rc = result == FRAME_WHOLE ? handle(conn, &frame) : conn_end_fault(conn, &fault);
        if (rc != 0)
            return rc;
    }
    if (conn->state == CONN_OPEN)
        conn_schedule(conn); // more may be there; the others first
    return 0;
}

// ---- Output

static int
send_once(struct conn *conn)
{
    bool moved;
    int rc = stream_send(&conn->stream, &conn->out, &moved);

    conn->moved |= moved;
    conn->sent |= moved;
    if (rc == 0 && buf_len(&conn->out) > 0)
        conn->unsent = stream_unsent(&conn->stream);
    if (rc == 0 && watching_sent(&conn->loop->watching, &conn->watcher))
        conn_wake(conn);
    return rc;
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

// ---- A turn

static void
resume_if_possible(struct conn *conn)
{
    const struct conn_loop *loop = conn->loop;

    if ((conn->state == CONN_FLIGHT && !is_flight_full(conn)) ||
        (conn->state == CONN_OUTPUT &&
         flow_has_room(buf_len(&conn->out), conn->session.due, loop->limits->output_max))) {
        conn_move(conn, CONN_RESUMED);
        conn_schedule(conn);
    }
}

// Sends, and frees the connection when it is done with.
static void
finish_run(struct conn *conn)
{
    int rc = send_once(conn);

    if (rc == 0 && conn->state == CONN_CLOSING && (conn->in_flight == 0 || conn->shut_out) &&
        buf_len(&conn->out) == 0 && conn->session.watches.count == 0)
        conn_end_sent(conn);
    resume_if_possible(conn);
    if (stream_has_more(&conn->stream) && reads(conn))
        conn_wake(conn);
    if (rc != 0 || conn->state == CONN_CLOSED || conn_ask(conn) != 0)
        conn_free(conn);
}

static void
send_all(struct conn_loop *loop)
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
        send_all(loop);
}

// The first bytes have come, so a handshake is done.
static void
learn_client(struct conn *conn)
{
    struct identity *identity = &conn->session.identity;

    if (conn->stream.ssl == NULL)
        return;
    tls_client_name(conn->stream.ssl, identity->certificate, sizeof identity->certificate);
    identity->certificate_until_us = tls_client_until(conn->stream.ssl);
    LOG_DEBUG(conn->loop->service->log, "tls", "a connection is open",
              LOG_TEXT("client", identity->certificate));
}

// Reads once and has the frames handled.
static void
read_and_run(struct conn *conn)
{
    ssize_t got = stream_read(&conn->stream, &conn->in, &conn->loop->spare);

    if (got == -EPROTO) {
        conn_end_tls(conn);
        return;
    }
    if (got < 0 && got != -EAGAIN) {
        conn_free(conn);
        return;
    }
    if (got > 0 && !conn->heard)
        learn_client(conn);
    if (got >= 0) {
        conn->heard = conn->moved = true;
        conn->received_us = conn_now(conn->loop);
        conn->eof = got == 0;
    }
    run(conn);
}

// What the socket has brought, or has room for.
static void
go_on(struct conn *conn)
{
    if (conn->state == CONN_LINGERING)
        return;
    if (conn->state != CONN_OPEN)
        run(conn);               // what is sent waits for bytes of TLS
    else if (!conn->frames_wait) // else what has come before is handled first
        read_and_run(conn);
}

// The same for a handshake, once the others have had their turn.
static void
put_off(struct conn *conn)
{
    handshakes_add(&conn->loop->shakes, &conn->shaker);
    if (conn_ask(conn) != 0) // meanwhile the socket has nothing to say
        conn_free(conn);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *conn = arg;
    struct conn_loop *loop = conn->loop;

    (void)fd;
    if (conn->state == CONN_LINGERING)
        conn_end_discard(conn, what);
    else if (stream_shakes_hands(&conn->stream))
        put_off(conn);
    else
        go_on(conn);
    arm_turn(loop);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *conn = arg;
    struct conn_loop *loop = conn->loop;

    (void)fd;
    (void)what;
    if (stream_shakes_hands(&conn->stream) && stream_reads_by_writing(&conn->stream))
        put_off(conn);
    else if (reads(conn) && stream_reads_by_writing(&conn->stream) && !conn->frames_wait)
        read_and_run(conn);
    else if (!conn->scheduled) // else its turn comes soon
        run(conn);
    arm_turn(loop);
}

void
conn_room(struct conn_loop *loop)
{
    struct conn *conn;

    while ((conn = TAILQ_FIRST(&loop->waiting)) != NULL) {
        conn_move(conn, CONN_RESUMED);
        conn_schedule(conn);
    }
}

// conn is on no list.
static void
take_turn(struct conn *conn)
{
    bool frames_wait = conn->frames_wait;

    conn->scheduled = conn->frames_wait = false;
    if (!frames_wait && stream_has_more(&conn->stream) && reads(conn))
        read_and_run(conn);
    else
        run(conn);
}

void
conn_run_ready(struct conn_loop *loop)
{
    uint64_t now = loop->round++;
    struct conn *conn;

    // One that is woken meanwhile has the next round; one that is freed has left the list.
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it can not follow that
    while ((conn = TAILQ_FIRST(&loop->ready)) != NULL && conn->round <= now) {
        TAILQ_REMOVE(&loop->ready, conn, ready);
        take_turn(conn); // may put it on loop->ready again
    }
    arm_turn(loop);
}

void
conn_end_turn(struct conn_loop *loop)
{
    send_all(loop);
    if (handshakes_is_empty(&loop->shakes))
        return;
    handshakes_turn(&loop->shakes, conn_now(loop), &loop->service->counters, go_on);
    send_all(loop);
}
