// SPDX-License-Identifier: Apache-2.0
// One socket, one timer, one session. Invariants: everything but the calls of the API runs in turn(), which
// ends by arming both; what a callback does is seen by the turn that called it. There is a dial only while
// the session wants a connection.
#include "client/event/kansen_event.h"
#include "client/event/kansen_dial.h"
#include "client/lib/kansen_address.h"
#include "client/lib/kansen_socket.h"
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE (64u * 1024)
#define RETRY_MS  10u // while there is no memory for an answer

struct call {
    struct call *before, *next;
    kansen_event_answer *answer;
    void *arg;
};

struct kansen_event {
    struct event_base *base;
    struct evdns_base *dns;
    struct kansen_session *session;
    struct event *timer, *readable, *writable; // the last two NULL without a socket
    int fd;
    struct kansen_dial *dial; // NULL = no connection is being made
    uint32_t timeout_ms;
    struct call *calls;
    kansen_event_changed *changed;
    void *changed_arg;
    enum kansen_session_state told;
    bool more; // answers wait for memory
    bool busy, dying;
    uint8_t data[READ_SIZE];
};

static void on_socket(evutil_socket_t fd, short what, void *arg);
static void turn(struct kansen_event *event);

// ---- The socket

static void
close_socket(struct kansen_event *event)
{
    if (event->readable != NULL)
        event_free(event->readable);
    if (event->writable != NULL)
        event_free(event->writable);
    event->readable = event->writable = NULL;
    if (event->fd >= 0)
        close(event->fd);
    event->fd = -1;
}

static bool
is_local(int fd)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof peer;

    return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
           kansen_address_is_local((const struct sockaddr *)&peer);
}

// What came of connecting: takes fd over.
static void
on_dialled(void *arg, int fd, int outcome, const char *why)
{
    struct kansen_event *event = arg;

    event->dial = NULL;
    event->fd = fd;
    if (fd >= 0) {
        event->readable = event_new(event->base, fd, EV_READ | EV_PERSIST, on_socket, event);
        event->writable = event_new(event->base, fd, EV_WRITE, on_socket, event);
    }
    if (fd < 0) {
        kansen_session_broken(event->session, outcome, why, kansen_socket_now_ms());
    } else if (event->readable == NULL || event->writable == NULL) {
        close_socket(event);
        kansen_session_broken(event->session, KANSEN_E_UNREACHABLE, strerror(ENOMEM), kansen_socket_now_ms());
    } else {
        kansen_session_opened(event->session, is_local(fd), kansen_socket_now_ms());
    }
    turn(event);
}

// ---- Bytes

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct kansen_event *event = arg;

    (void)fd;
    if ((what & EV_READ) != 0 && kansen_socket_is_open(event->session))
        (void)kansen_socket_read(event->session, event->fd, event->data, sizeof event->data,
                                 kansen_socket_now_ms());
    turn(event);
}

// ---- A turn

static void
unlink_call(struct kansen_event *event, struct call *call)
{
    *(call->before != NULL ? &call->before->next : &event->calls) = call->next;
    if (call->next != NULL)
        call->next->before = call->before;
}

static void
give_answers(struct kansen_event *event)
{
    struct kansen_answer answer;
    int result = 0;

    while (!event->dying && (result = kansen_session_answer(event->session, &answer)) == 0) {
        struct call *call = answer.tag;
        bool last = kansen_is_last(answer.response);

        if (call != NULL) { // else the daemon could not read a frame, and closes
            if (last)
                unlink_call(event, call);
            call->answer(call->arg, answer.response, answer.local);
            if (last)
                free(call);
        }
        kansen__v1__response__free_unpacked(answer.response, NULL);
    }
    event->more = result == -ENOMEM;
}

static void
tell_change(struct kansen_event *event)
{
    enum kansen_session_state state = kansen_session_state(event->session);

    if (state == event->told || event->dying)
        return;
    event->told = state;
    if (event->changed != NULL)
        event->changed(event->changed_arg, state);
}

// Waits for what comes next.
static void
arm(struct kansen_event *event)
{
    uint64_t due, now = kansen_socket_now_ms();
    struct timeval wait;
    size_t waiting;

    kansen_session_output(event->session, &waiting);
    due = kansen_session_due(event->session); // behind the output, which may fail
    if (event->more && now + RETRY_MS < due)
        due = now + RETRY_MS;
    if (event->fd >= 0 && !kansen_socket_is_open(event->session))
        due = now; // it broke while it was written to
    if (event->fd >= 0 && kansen_socket_is_open(event->session))
        event_add(event->readable, NULL);
    if (event->fd >= 0 && kansen_socket_is_open(event->session) && waiting > 0)
        event_add(event->writable, NULL);
    if (due == KANSEN_NEVER) {
        event_del(event->timer);
        return;
    }
    due = due > now ? due - now : 0;
    wait = (struct timeval){(time_t)(due / 1000), (suseconds_t)(due % 1000 * 1000)};
    event_add(event->timer, &wait);
}

static void
destroy(struct kansen_event *event)
{
    close_socket(event);
    kansen_dial_stop(event->dial);
    if (event->timer != NULL)
        event_free(event->timer);
    kansen_session_free(event->session);
    while (event->calls != NULL) {
        struct call *call = event->calls;

        event->calls = call->next;
        free(call);
    }
    free(event);
}

static void
turn(struct kansen_event *event)
{
    event->busy = true;
    kansen_session_tick(event->session, kansen_socket_now_ms());
    if (event->fd >= 0 && !kansen_socket_is_open(event->session)) {
        if (kansen_session_state(event->session) == KANSEN_SESSION_FAILED)
            (void)kansen_socket_write(event->session, event->fd,
                                      kansen_socket_now_ms()); // an alert of TLS, for the daemon's log
        close_socket(event);
    }
    if (kansen_session_state(event->session) == KANSEN_SESSION_CONNECT && event->dial == NULL) {
        event->dial = kansen_dial_start(event->base, event->dns, kansen_session_server(event->session),
                                        event->timeout_ms, on_dialled, event);
        if (event->dial == NULL)
            kansen_session_broken(event->session, KANSEN_E_UNREACHABLE, strerror(ENOMEM),
                                  kansen_socket_now_ms());
    }
    give_answers(event);
    if (kansen_socket_is_open(event->session) && event->fd >= 0)
        (void)kansen_socket_write(event->session, event->fd, kansen_socket_now_ms());
    tell_change(event);
    event->busy = false;
    if (event->dying)
        destroy(event);
    else
        arm(event);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    turn(arg);
}

// ---- The front

struct kansen_event *
kansen_event_new(struct event_base *base, struct evdns_base *dns, const char *server,
                 const struct kansen_options *options)
{
    struct kansen_event *event = calloc(1, sizeof *event);

    if (event == NULL)
        return NULL;
    event->base = base;
    event->dns = dns;
    event->fd = -1;
    event->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : KANSEN_DEFAULT_TIMEOUT_MS;
    event->session = kansen_session_new(server, options, NULL);
    event->timer = event_new(base, -1, 0, on_timer, event);
    if (event->session == NULL || event->timer == NULL) {
        destroy(event);
        return NULL;
    }
    event_active(event->timer, EV_TIMEOUT, 0);
    return event;
}

void
kansen_event_free(struct kansen_event *event)
{
    if (event == NULL)
        return;
    event->dying = true;
    if (!event->busy)
        destroy(event);
}

int
kansen_event_call(struct kansen_event *event, Kansen__V1__Request *request, unsigned how,
                  kansen_event_answer *answer, void *arg)
{
    struct call *call = calloc(1, sizeof *call);
    int result;

    if (call == NULL)
        return -ENOMEM;
    *call = (struct call){NULL, event->calls, answer, arg};
    result = kansen_session_request(event->session, request, how, call, kansen_socket_now_ms(), NULL);
    if (result != 0) {
        free(call);
        return result;
    }
    if (event->calls != NULL)
        event->calls->before = call;
    event->calls = call;
    if (!event->busy)
        event_active(event->timer, EV_TIMEOUT, 0);
    return 0;
}

void
kansen_event_on_change(struct kansen_event *event, kansen_event_changed *changed, void *arg)
{
    event->changed = changed;
    event->changed_arg = arg;
}

const struct kansen_session *
kansen_event_session(const struct kansen_event *event)
{
    return event->session;
}
