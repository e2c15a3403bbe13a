// SPDX-License-Identifier: Apache-2.0
// One connection at a time is filled and sent: requests are gathered in its output and go out in one send.
// Invariants: slots [first, first + in_flight) of a connection's ring hold what is in flight, oldest first;
// what the socket did not take stays in the output, and the connection then sends nothing new.
#include "tests/bench/traffic.h"
#include "proto/frame.h"
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX    (64u << 20)
#define INPUT_BYTES  (256u << 10) // of a connection, at first
#define EVENTS       64
#define WAIT_MS      20
#define PATIENCE_S   30
#define ID_TAG       0x08u // field 1, a varint
#define STATUS_TAG   0x12u // field 2, a message
#define NANO         1000000000
#define ID_BYTES_MAX 10u

struct slot {
    uint64_t id;
    int64_t sent;
};

struct conn {
    struct traffic_kind *kind;
    struct link link;
    size_t next; // frame
    struct slot *slots;
    unsigned first, in_flight;
    uint8_t *in, *out;
    size_t in_len, in_capacity, out_len, out_capacity;
    bool blocked; // waits for room to send the rest of the output
};

struct loop {
    struct traffic_run *run;
    int epoll;
    struct conn *conns;
    size_t count;
    int64_t *due;     // of each kind: when its next request is due
    size_t *turn;     // of each kind: where the search for a free connection starts
    size_t in_flight; // on all connections
    bool paced;       // a kind has an interval
    bool draining;    // nothing new is sent
    bool told;        // a refusal was shown
};

static int64_t
now_ns(clockid_t clock)
{
    struct timespec time;

    if (clock_gettime(clock, &time) != 0)
        err(1, "clock");
    return (int64_t)time.tv_sec * NANO + time.tv_nsec;
}

static int64_t
cpu_of(pid_t pid)
{
    clockid_t clock;

    if (pid == 0)
        return 0;
    errno = clock_getcpuclockid(pid, &clock);
    if (errno != 0)
        err(1, "process %d", (int)pid);
    return now_ns(clock);
}

// ---- Sending

static void
send_output(struct loop *loop, struct conn *conn)
{
    ssize_t sent = link_send(&conn->link, conn->out, conn->out_len);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
    bool blocked;

    if (sent < 0 && errno != EAGAIN)
        err(1, "send");
    if (sent > 0) {
        conn->out_len -= (size_t)sent;
        memmove(conn->out, conn->out + sent, conn->out_len);
    }
    blocked = conn->out_len > 0;
    if (blocked != conn->blocked) {
        event.events |= blocked ? EPOLLOUT : 0u;
        if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, conn->link.fd, &event) != 0)
            err(1, "epoll");
        conn->blocked = blocked;
    }
}

// Puts the connection's next request behind its output.
static void
gather(struct loop *loop, struct conn *conn, int64_t since)
{
    const struct frames *frames = conn->kind->frames;
    const struct frames_one *one = &frames->all[conn->next];
    char digits[FRAMES_DIGITS + 1];
    uint8_t *at;

    if (conn->out == NULL || conn->out_capacity - conn->out_len < one->len) {
        conn->out_capacity = (conn->out_len + one->len) * 2;
        conn->out = realloc(conn->out, conn->out_capacity);
        if (conn->out == NULL)
            err(1, "output");
    }
    at = memcpy(conn->out + conn->out_len, frames->bytes + one->at, one->len);
    if (one->digits != 0) {
        snprintf(digits, sizeof digits, "%0*llu", (int)FRAMES_DIGITS,
                 (unsigned long long)(loop->run->serial++ % 10000000000u));
        memcpy(at + one->digits, digits, FRAMES_DIGITS);
    }
    conn->out_len += one->len;
    conn->slots[(conn->first + conn->in_flight++) % conn->kind->depth] = (struct slot){one->id, since};
    loop->in_flight++;
    conn->next = conn->next + 1 < frames->count ? conn->next + 1 : 0;
}

static bool
has_room(const struct conn *conn)
{
    return conn->in_flight < conn->kind->depth && !conn->blocked;
}

static void
refill(struct loop *loop, struct conn *conn, int64_t now)
{
    if (loop->draining || conn->kind->interval > 0 || !has_room(conn))
        return;
    while (conn->in_flight < conn->kind->depth)
        gather(loop, conn, now);
    send_output(loop, conn);
}

// Sends what is due of a kind with an interval, as far as connections have room.
static void
send_due(struct loop *loop, size_t number, int64_t now)
{
    struct traffic_kind *kind = &loop->run->kinds[number];
    int64_t interval = (int64_t)(kind->interval * NANO);

    for (size_t tried = 0; loop->due[number] <= now && tried < loop->count; tried++) {
        struct conn *conn = &loop->conns[loop->turn[number]];

        loop->turn[number] = (loop->turn[number] + 1) % loop->count;
        if (conn->kind != kind || !has_room(conn))
            continue;
        gather(loop, conn, kind->punctual ? loop->due[number] : now);
        send_output(loop, conn);
        loop->due[number] = (kind->punctual ? loop->due[number] : now) + interval;
        tried = 0;
    }
}

// ---- Receiving

static const uint8_t *
read_varint(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < ID_BYTES_MAX && at < end; i++) {
        *value |= (uint64_t)(*at & 0x7fu) << (7 * i);
        if ((*at++ & 0x80u) == 0)
            return at;
    }
    errx(1, "an answer has no proper id");
}

// Takes the answer's request out of the ring; returns when it was sent.
static int64_t
take_slot(struct conn *conn, uint64_t id)
{
    unsigned depth = conn->kind->depth, place = 0;
    int64_t sent;

    while (place < conn->in_flight && conn->slots[(conn->first + place) % depth].id != id)
        place++;
    if (place == conn->in_flight)
        errx(1, "an answer to no request came: id %llu", (unsigned long long)id);
    sent = conn->slots[(conn->first + place) % depth].sent;
    for (; place > 0; place--)
        conn->slots[(conn->first + place) % depth] = conn->slots[(conn->first + place - 1) % depth];
    conn->first = (conn->first + 1) % depth;
    conn->in_flight--;
    return sent;
}

// Whether an answer with a status says that it is not OK; the first one is shown.
static bool
is_refused(struct loop *loop, const uint8_t *payload, size_t len)
{
    Kansen__V1__Response *response = kansen__v1__response__unpack(NULL, len, payload);
    bool refused;

    if (response == NULL)
        errx(1, "an answer can not be read");
    refused = response->status != NULL && response->status->code != 0;
    if (refused && !loop->told) {
        warnx("refused: code %d %s: %s", response->status->code, response->status->field,
              response->status->message);
        loop->told = true;
    }
    kansen__v1__response__free_unpacked(response, NULL);
    return refused;
}

static void
take_answer(struct loop *loop, struct conn *conn, const uint8_t *payload, size_t len, int64_t now)
{
    const uint8_t *at = payload, *end = payload + len;
    uint64_t id, took;

    if (len == 0 || *at != ID_TAG)
        errx(1, "an answer does not start with its id");
    at = read_varint(at + 1, end, &id);
    took = (uint64_t)(now - take_slot(conn, id));
    loop->in_flight--;
    if (loop->draining) {
        conn->kind->drained++;
    } else {
        histogram_add(&conn->kind->times, took);
        conn->kind->bytes += len;
    }
    if (at < end && *at == STATUS_TAG)
        conn->kind->refused += is_refused(loop, payload, len);
}

// Takes the whole frames out of the input.
static void
take_frames(struct loop *loop, struct conn *conn, int64_t now)
{
    size_t at = 0;
    struct frame frame = {0, 0};
    enum frame_result result;

    while ((result = frame_decode(conn->in + at, conn->in_len - at, FRAME_MAX, &frame)) == FRAME_WHOLE) {
        take_answer(loop, conn, conn->in + at + frame.header_len, frame.payload_len, now);
        at += frame.header_len + frame.payload_len;
    }
    if (result != FRAME_PARTIAL)
        errx(1, "an answer is no frame");
    conn->in_len -= at;
    memmove(conn->in, conn->in + at, conn->in_len);
    if (frame.header_len + frame.payload_len > conn->in_capacity) {
        conn->in_capacity = (frame.header_len + frame.payload_len) * 2;
        conn->in = realloc(conn->in, conn->in_capacity);
        if (conn->in == NULL)
            err(1, "input");
    }
}

static void
on_event(struct loop *loop, struct conn *conn, uint32_t events)
{
    int64_t now;
    ssize_t got;

    if ((events & EPOLLOUT) != 0)
        send_output(loop, conn);
    if ((events & ~(uint32_t)EPOLLOUT) == 0)
        return;
    got = link_recv(&conn->link, conn->in + conn->in_len, conn->in_capacity - conn->in_len);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        errx(1, "the daemon closed a connection: %s", got < 0 ? strerror(errno) : "end of file");
    now = now_ns(CLOCK_MONOTONIC);
    conn->in_len += (size_t)got;
    take_frames(loop, conn, now);
    refill(loop, conn, now);
}

// ---- A run

static void
talk_blocking(struct link *link, const struct frames *hello)
{
    uint8_t answer[4096];
    size_t len = 0;
    struct frame frame;
    Kansen__V1__Response *response;

    if (link_send(link, hello->bytes, hello->size) != (ssize_t)hello->size)
        err(1, "hello");
    do {
        ssize_t got = link_recv(link, answer + len, sizeof answer - len);

        if (got <= 0)
            errx(1, "hello is not answered");
        len += (size_t)got;
    } while (frame_decode(answer, len, sizeof answer, &frame) == FRAME_PARTIAL);
    response = kansen__v1__response__unpack(NULL, len - frame.header_len, answer + frame.header_len);
    if (response == NULL || response->body_case != KANSEN__V1__RESPONSE__BODY_HELLO)
        errx(1, "hello is refused");
    kansen__v1__response__free_unpacked(response, NULL);
}

struct link
traffic_connect(const struct traffic_run *run)
{
    Kansen__V1__HelloRequest body = KANSEN__V1__HELLO_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    struct frames hello = {.count = 0};
    struct link link = link_connect(run->host, run->port, run->ca);

    body.protocol_version = 1;
    body.client_name = (char *)"bench";
    body.token = (char *)run->token;
    request.body_case = KANSEN__V1__REQUEST__BODY_HELLO;
    request.hello = &body;
    frames_add(&hello, &request, NULL);
    talk_blocking(&link, &hello);
    frames_free(&hello);
    return link;
}

static void
open_conn(struct loop *loop, struct traffic_kind *kind, unsigned number)
{
    struct conn *conn = &loop->conns[loop->count++];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};

    *conn = (struct conn){.kind = kind,
                          .link = traffic_connect(loop->run),
                          .next = kind->frames->count * number / kind->connections,
                          .slots = calloc(kind->depth, sizeof(struct slot)),
                          .in = malloc(INPUT_BYTES),
                          .in_capacity = INPUT_BYTES};
    if (conn->slots == NULL || conn->in == NULL)
        err(1, "connection");
    if (fcntl(conn->link.fd, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, conn->link.fd, &event) != 0)
        err(1, "connection");
}

static void
open_loop(struct loop *loop)
{
    struct traffic_run *run = loop->run;
    size_t wanted = 0;

    for (size_t i = 0; i < run->n_kinds; i++)
        wanted += run->kinds[i].connections;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->conns = calloc(wanted, sizeof *loop->conns);
    loop->due = calloc(run->n_kinds, sizeof *loop->due);
    loop->turn = calloc(run->n_kinds, sizeof *loop->turn);
    if (loop->epoll < 0 || loop->conns == NULL || loop->due == NULL || loop->turn == NULL)
        err(1, "loop");
    for (size_t i = 0; i < run->n_kinds; i++) {
        for (unsigned n = 0; n < run->kinds[i].connections; n++)
            open_conn(loop, &run->kinds[i], n);
        loop->paced |= run->kinds[i].interval > 0;
    }
}

static void
close_loop(struct loop *loop)
{
    for (size_t i = 0; i < loop->count; i++) {
        link_close(&loop->conns[i].link);
        free(loop->conns[i].slots);
        free(loop->conns[i].in);
        free(loop->conns[i].out);
    }
    close(loop->epoll);
    free(loop->conns);
    free(loop->due);
    free(loop->turn);
}

// One wake-up. With an interval it never sleeps, so that its own wake-up is in no time that it tells.
static void
turn(struct loop *loop)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(loop->epoll, events, EVENTS, loop->paced ? 0 : WAIT_MS);

    if (count < 0 && errno != EINTR)
        err(1, "epoll");
    for (int i = 0; i < count; i++)
        on_event(loop, events[i].data.ptr, events[i].events);
    for (size_t i = 0; loop->paced && !loop->draining && i < loop->run->n_kinds; i++) {
        if (loop->run->kinds[i].interval > 0)
            send_due(loop, i, now_ns(CLOCK_MONOTONIC));
    }
}

// Sends and receives until the time has come and the first kind has an answer, or has so many of them.
static void
turn_until(struct loop *loop, int64_t until, uint64_t most)
{
    const struct traffic_kind *first = loop->run->kinds;
    int64_t now = now_ns(CLOCK_MONOTONIC), latest = now + (int64_t)PATIENCE_S * NANO;

    while ((now < until || (first->times.count == 0 && now < latest)) &&
           (most == 0 || first->times.count < most)) {
        turn(loop);
        now = now_ns(CLOCK_MONOTONIC);
    }
}

static void
drain(struct loop *loop)
{
    int64_t until = now_ns(CLOCK_MONOTONIC) + (int64_t)PATIENCE_S * NANO;

    loop->draining = true;
    while (loop->in_flight > 0 && now_ns(CLOCK_MONOTONIC) < until)
        turn(loop);
    if (loop->in_flight > 0)
        warnx("%zu requests are not answered after %d s", loop->in_flight, PATIENCE_S);
}

static void
start_window(struct traffic_run *run)
{
    for (size_t i = 0; i < run->n_kinds; i++) {
        histogram_reset(&run->kinds[i].times);
        run->kinds[i].refused = run->kinds[i].bytes = run->kinds[i].drained = 0;
    }
}

void
traffic_run(struct traffic_run *run)
{
    struct loop loop = {.run = run};
    int64_t began, daemon, own;

    assert(run->n_kinds > 0);
    open_loop(&loop);
    start_window(run);
    began = now_ns(CLOCK_MONOTONIC);
    for (size_t i = 0; i < run->n_kinds; i++)
        loop.due[i] = began;
    for (size_t i = 0; i < loop.count; i++)
        refill(&loop, &loop.conns[i], began);
    if (run->warm_up > 0) {
        turn_until(&loop, began + (int64_t)(run->warm_up * NANO), 0);
        start_window(run);
        began = now_ns(CLOCK_MONOTONIC);
    }
    daemon = cpu_of(run->daemon);
    own = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    turn_until(&loop, began + (int64_t)(run->seconds * NANO), run->most);
    run->took = (double)(now_ns(CLOCK_MONOTONIC) - began) / NANO;
    run->daemon_cpu = (double)(cpu_of(run->daemon) - daemon) / NANO;
    run->own_cpu = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - own) / NANO;
    drain(&loop);
    close_loop(&loop);
}
