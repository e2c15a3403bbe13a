// SPDX-License-Identifier: Apache-2.0
// A close while bytes of the peer are unread resets the connection, and takes the last answer from the peer:
// so a connection whose last answer matters lingers, for a moment.
#include "net/conn_end.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/conn_internal.h"
#include "net/tls.h"
#include "rpc/answer_dump.h"
#include "rpc/service.h"
#include <errno.h>
#include <sys/socket.h>

#define LINGER_S   2 // for the peer to take the last answer and to close
#define REASON_MAX 200u

int
conn_end_fault(struct conn *conn, const struct fault *fault)
{
    conn_move(conn, CONN_ENDED);
    conn->told_fault = true;
    conn_schedule(conn);
    return rpc_answer_fault(fault, &conn->out);
}

void
conn_end_sent(struct conn *conn)
{
    static const struct timeval linger = {.tv_sec = LINGER_S};

    if (stream_finish(&conn->stream) == -EAGAIN)
        return; // it is writable later
    conn_move(conn, CONN_SENT);
    if (conn->eof || (!conn->told_fault && !stream_has_unread(&conn->stream)) ||
        shutdown(conn->stream.fd, SHUT_WR) != 0 || event_add(conn->stream.readable, &linger) != 0) {
        conn_move(conn, CONN_BROKEN);
        return;
    }
    conn->linger_until_us = clock_steady_us() + LINGER_S * INT64_C(1000000);
    buf_free(&conn->in);
}

void
conn_end_tls(struct conn *conn)
{
    char reason[REASON_MAX];

    counters_add(&conn->loop->service->counters, COUNTER_TLS_FAILED);
    LOG_INFO(conn->loop->service->log, "tls", "a connection failed",
             LOG_TEXT("why", tls_reason(conn->stream.ssl, reason, sizeof reason)));
    buf_free(&conn->out);
    conn->told_fault = true; // by an alert
    conn_move(conn, CONN_ENDED);
    conn_end_sent(conn);
    if (conn->state == CONN_CLOSED || conn_ask(conn) != 0)
        conn_free(conn);
}

void
conn_end(struct conn *conn)
{
    struct fault fault;

    fault_fill(&fault, CODE_UNAVAILABLE, "", "the daemon stops");
    conn_move(conn, CONN_ENDED);
    if (watch_end_all(&conn->session.watches, &fault, &conn->out) != 0)
        conn_free(conn);
    else
        conn_schedule(conn);
}

void
conn_end_shut_out(struct conn *conn)
{
    conn_move(conn, CONN_ENDED);
    conn->told_fault = conn->shut_out = true;
    conn_schedule(conn);
}

void
conn_check(struct conn *conn)
{
    int rc = rpc_check(conn->loop->env, &conn->session, &conn->out);

    if (rc < 0)
        conn_free(conn);
    else if (rc == RPC_ENDED)
        conn_end_shut_out(conn);
}

void
conn_end_strange(struct conn *conn)
{
    if (!conn->stranger || !conn->session.open)
        return;
    conn->stranger = false;
    atomic_fetch_sub(&conn->loop->service->strangers, 1);
}

void
conn_end_crowd(struct conn_loop *loop)
{
    struct conn *eldest = timeouts_first(&loop->timeouts, TIMEOUT_HELLO);

    if (!service_is_crowded(loop->service) || eldest == NULL)
        return;
    counters_add(&loop->service->counters, COUNTER_STRANGERS);
    conn_free(eldest);
}

// A request looks at its token's end by itself; this is for connections that are silent, and for a clock that
// was set.
void
conn_check_end(struct conn *conn)
{
    answer_dump_expire(conn->loop->service, &conn->session, conn_now(conn->loop));
    if (conn->session.expires_us != 0)
        conn_check(conn);
}

enum timeout
conn_end_limit(const struct conn *conn)
{
    if (conn->state == CONN_LINGERING || conn->state == CONN_CLOSED)
        return TIMEOUT_NONE; // lingering has one of its own
    if (conn->shut_out)
        return TIMEOUT_OUT;
    if (conn->state != CONN_CLOSING && conn->stranger)
        return TIMEOUT_HELLO;
    if (conn->state == CONN_CLOSING && conn->in_flight == 0 && conn->session.watches.count == 0)
        return TIMEOUT_CLOSING;
    if (buf_len(&conn->out) > 0)
        return TIMEOUT_WRITE;
    if (conn->state == CONN_OPEN && conn->begun)
        return TIMEOUT_FRAME;
    if (conn->state == CONN_QUEUE || conn->in_flight > 0 || conn->session.watches.count > 0)
        return TIMEOUT_NONE;
    return TIMEOUT_IDLE;
}

bool
conn_end_begins_again(const struct conn *conn, enum timeout limit)
{
    if (limit == TIMEOUT_FRAME)
        return conn->took;
    if (limit == TIMEOUT_WRITE)
        return conn->sent;
    return limit > TIMEOUT_OUT && conn->moved;
}

static void
count_late(struct counters *counters, enum timeout which)
{
    if (which == TIMEOUT_HELLO)
        counters_add(counters, COUNTER_HELLO_LATE);
    else if (which == TIMEOUT_FRAME)
        counters_add(counters, COUNTER_FRAME_LATE);
    else if (which == TIMEOUT_IDLE)
        counters_add(counters, COUNTER_IDLE);
    else
        counters_add(counters, COUNTER_OUTPUT_STALLED);
}

// Output waits that was not sent for a while. Whether the client has taken some of what the socket holds, too
// little for the socket to take more: then the time begins again.
static bool
takes_slowly(struct conn *conn)
{
    enum timeout which = conn->timed.which;

    if ((which != TIMEOUT_WRITE && which != TIMEOUT_CLOSING) || buf_len(&conn->out) == 0 ||
        stream_is_stalled(&conn->stream, &conn->unsent))
        return false;
    timeouts_set(&conn->loop->timeouts, &conn->timed, which, true, conn_now(conn->loop));
    return true;
}

void
conn_time_out(struct conn *conn)
{
    bool in_handshake = conn->stream.ssl != NULL && !tls_is_open(conn->stream.ssl);
    enum timeout which = conn->timed.which;
    struct fault fault;

    if (takes_slowly(conn))
        return;
    count_late(&conn->loop->service->counters, which);
    timeouts_explain(&conn->loop->timeouts, which, &fault);
    if (which == TIMEOUT_WRITE)
        LOG_INFO(conn->loop->service->log, "net", "a client takes no answers, its connection is closed",
                 LOG_TEXT("actor", conn->session.identity.actor));
    if (conn->state == CONN_CLOSING || in_handshake || which == TIMEOUT_WRITE ||
        conn_end_fault(conn, &fault) != 0 || conn_ask(conn) != 0)
        conn_free(conn);
}

void
conn_end_discard(struct conn *conn, short what)
{
    if ((what & EV_TIMEOUT) != 0 || !stream_discard(conn->stream.fd) ||
        clock_steady_us() >= conn->linger_until_us)
        conn_free(conn);
}
