// SPDX-License-Identifier: Apache-2.0
// A session over one socket that does not block. All waiting is in step(), which waits for both directions at
// once. Invariant: there is a socket only while the session is OPENING or READY.
#include "client/lib/kansen.h"
#include "client/lib/kansen_address.h"
#include "client/lib/kansen_session.h"
#include "client/lib/kansen_settings.h"
#include "client/lib/kansen_socket.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_HIGH (1u << 20) // bytes that may wait to be sent before kansen_send waits
#define READ_SIZE   (64u * 1024)

struct kansen {
    struct kansen_session *session; // NULL before kansen_connect
    struct kansen_settings settings;
    int fd;
    int interrupt_fd;  // -1 = none
    uint64_t moved_ms; // when bytes moved last
    char error[512];
    uint8_t data[READ_SIZE];
};

struct kansen *
kansen_new(const struct kansen_options *options)
{
    struct kansen *kansen = calloc(1, sizeof *kansen);

    if (kansen == NULL)
        return NULL;
    kansen->fd = kansen->interrupt_fd = -1;
    if (kansen_settings_copy(&kansen->settings, "", options) != 0) {
        kansen_free(kansen);
        return NULL;
    }
    return kansen;
}

static void
close_socket(struct kansen *kansen)
{
    if (kansen->fd >= 0)
        close(kansen->fd);
    kansen->fd = -1;
}

void
kansen_free(struct kansen *kansen)
{
    if (kansen == NULL)
        return;
    close_socket(kansen);
    kansen_session_free(kansen->session);
    kansen_settings_free(&kansen->settings);
    free(kansen);
}

static int __attribute__((format(printf, 3, 4)))
fail(struct kansen *kansen, int outcome, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(kansen->error, sizeof kansen->error, format, args);
    va_end(args);
    return outcome;
}

const char *
kansen_error(const struct kansen *kansen)
{
    return kansen->error;
}

// ---- One step

// The peer of the socket is asked, not the name of the server, as that is what would get the token.
static bool
is_local(int fd)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof peer;

    return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
           kansen_address_is_local((const struct sockaddr *)&peer);
}

static void
make_connection(struct kansen *kansen)
{
    char error[sizeof kansen->error];
    int result = kansen_address_connect(kansen_session_server(kansen->session), kansen->settings.timeout_ms,
                                        &kansen->fd, error, sizeof error);

    kansen->moved_ms = kansen_socket_now_ms();
    if (result == 0)
        kansen_session_opened(kansen->session, is_local(kansen->fd), kansen->moved_ms);
    else
        kansen_session_broken(kansen->session, result, error, kansen->moved_ms);
}

static void
write_some(struct kansen *kansen)
{
    uint64_t now = kansen_socket_now_ms();

    if (kansen_socket_write(kansen->session, kansen->fd, now))
        kansen->moved_ms = now;
}

static void
read_some(struct kansen *kansen)
{
    uint64_t now = kansen_socket_now_ms();

    if (kansen_socket_read(kansen->session, kansen->fd, kansen->data, sizeof kansen->data, now))
        kansen->moved_ms = now;
}

// Waits for the socket (if there is one), interrupt_fd (-1 = none), wait_ms and the session's next time,
// whichever comes first, and moves bytes both ways. 0, KANSEN_E_TIMEOUT when wait_ms came first, or
// KANSEN_E_INTERRUPTED.
static int
pump(struct kansen *kansen, uint64_t wait_ms, int interrupt_fd)
{
    struct pollfd ready[] = {{.fd = kansen->fd, .events = POLLIN}, {.fd = interrupt_fd, .events = POLLIN}};
    uint64_t due, now = kansen_socket_now_ms(), until, limit;
    size_t waiting;
    int n;

    kansen_session_output(kansen->session, &waiting);
    due = kansen_session_due(kansen->session); // behind the output, which may fail
    until = due <= now ? 0 : due - now;
    limit = wait_ms < until ? wait_ms : until;
    if (waiting > 0)
        ready[0].events |= POLLOUT;
    do
        n = poll(ready, 2, limit > INT_MAX ? -1 : (int)limit);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        kansen_socket_broke(kansen->session, errno, kansen_socket_now_ms());
    if (n <= 0)
        return n == 0 && wait_ms < until ? KANSEN_E_TIMEOUT : 0;
    if (ready[1].revents != 0)
        return fail(kansen, KANSEN_E_INTERRUPTED, "interrupted");
    if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        read_some(kansen);
    if (kansen_socket_is_open(kansen->session) && (ready[0].revents & POLLOUT) != 0)
        write_some(kansen);
    return 0;
}

static int
failed(struct kansen *kansen)
{
    if (kansen->fd >= 0)
        write_some(kansen); // an alert of TLS, for the daemon's log
    close_socket(kansen);
    return fail(kansen, kansen_session_failure(kansen->session), "%s", kansen_session_error(kansen->session));
}

// Brings the session on, and waits up to wait_ms while it is connected. 0, KANSEN_E_TIMEOUT,
// KANSEN_E_INTERRUPTED, or why the session failed.
static int
step(struct kansen *kansen, uint64_t wait_ms, int interrupt_fd)
{
    kansen_session_tick(kansen->session, kansen_socket_now_ms());
    switch (kansen_session_state(kansen->session)) {
    case KANSEN_SESSION_CONNECT:
        close_socket(kansen);
        make_connection(kansen);
        return 0;
    case KANSEN_SESSION_WAIT:
        close_socket(kansen);
        return pump(kansen, KANSEN_NEVER, interrupt_fd);
    case KANSEN_SESSION_FAILED:
        return failed(kansen);
    default:
        return pump(kansen, wait_ms, interrupt_fd);
    }
}

// ---- The front

int
kansen_connect(struct kansen *kansen, const char *server)
{
    const struct kansen_settings *settings = &kansen->settings;
    const struct kansen_options options = {
        .client_name = settings->client_name,
        .token = settings->token,
        .timeout_ms = settings->timeout_ms,
        .max_in_flight = settings->max_in_flight,
        .insecure_plain_token = settings->insecure_plain_token,
        .ca_file = settings->ca_file,
        .certificate_file = settings->certificate_file,
        .key_file = settings->key_file,
        .retry_ms = settings->retry_ms,
        .backoff_first_ms = settings->backoff_first_ms,
        .backoff_most_ms = settings->backoff_most_ms,
    };
    int result = 0;

    if (kansen->session == NULL) {
        kansen->session = kansen_session_new(server, &options, NULL);
        if (kansen->session == NULL)
            return fail(kansen, -ENOMEM, "out of memory");
    }
    while (result == 0 && kansen_session_state(kansen->session) != KANSEN_SESSION_READY)
        result = step(kansen, KANSEN_NEVER, kansen->interrupt_fd);
    return result;
}

// Whether no more is to be read before what waits has been sent, or the session is over.
static bool
is_full(const struct kansen *kansen)
{
    size_t waiting = 0;

    if (kansen_socket_is_open(kansen->session))
        kansen_session_output(kansen->session, &waiting);
    return waiting > OUTPUT_HIGH;
}

// How long nothing may move from now on.
static uint64_t
patience(const struct kansen *kansen)
{
    uint64_t end = kansen->moved_ms + kansen->settings.timeout_ms, now = kansen_socket_now_ms();

    return end > now ? end - now : 0;
}

static int
timed_out(struct kansen *kansen)
{
    return fail(kansen, KANSEN_E_TIMEOUT, "the daemon did not answer for %u.%03u s",
                kansen->settings.timeout_ms / 1000, kansen->settings.timeout_ms % 1000);
}

int
kansen_send(struct kansen *kansen, Kansen__V1__Request *request, uint64_t *id)
{
    int result;

    if (kansen->session == NULL)
        return fail(kansen, KANSEN_E_CLOSED, "not connected");
    result = kansen_session_request(kansen->session, request, 0, NULL, kansen_socket_now_ms(), id);
    if (result == KANSEN_E_FULL)
        return fail(kansen, result, "%u requests are in flight", kansen->settings.max_in_flight);
    if (result == KANSEN_E_TOO_LARGE)
        return fail(kansen, result, "the request has %zu bytes, more than a frame may hold",
                    kansen__v1__request__get_packed_size(request));
    if (result == KANSEN_E_CLOSED)
        return fail(kansen, result, "%s", kansen_session_error(kansen->session));
    if (result != 0)
        return fail(kansen, result, "out of memory");
    if (kansen_socket_is_open(kansen->session))
        (void)step(kansen, 0, -1); // what came of it is told by kansen_receive, behind the answers
    kansen->moved_ms = kansen_socket_now_ms();
    while (is_full(kansen))
        if (step(kansen, patience(kansen), -1) == KANSEN_E_TIMEOUT)
            return timed_out(kansen);
    return 0;
}

int
kansen_receive(struct kansen *kansen, Kansen__V1__Response **response)
{
    struct kansen_answer answer;
    int result = 0;

    if (kansen->session == NULL)
        return fail(kansen, KANSEN_E_CLOSED, "not connected");
    kansen->moved_ms = kansen_socket_now_ms();
    for (;;) {
        int taken = kansen_session_answer(kansen->session, &answer);
        bool over = kansen_session_state(kansen->session) == KANSEN_SESSION_FAILED;

        if (taken == 0 && answer.local && over) { // the outcome says it
            kansen__v1__response__free_unpacked(answer.response, NULL);
            continue;
        }
        if (taken == 0)
            *response = answer.response;
        if (taken != KANSEN_E_MORE)
            return taken == 0 ? 0 : fail(kansen, taken, "out of memory");
        if (result != 0)
            return result == KANSEN_E_TIMEOUT ? timed_out(kansen) : result;
        if (!over && kansen_session_in_flight(kansen->session) == 0)
            return fail(kansen, KANSEN_E_PROTOCOL, "no request is in flight");
        result = step(kansen, patience(kansen), kansen->interrupt_fd);
    }
}

void
kansen_interrupt_by(struct kansen *kansen, int fd)
{
    kansen->interrupt_fd = fd;
}

int
kansen_call(struct kansen *kansen, Kansen__V1__Request *request, Kansen__V1__Response **response)
{
    Kansen__V1__Response *received = NULL;
    int result;

    if (kansen->session != NULL && kansen_session_in_flight(kansen->session) > 0)
        return fail(kansen, KANSEN_E_FULL, "another request is in flight");
    result = kansen_send(kansen, request, NULL);
    if (result == 0)
        result = kansen_receive(kansen, &received);
    if (result != 0)
        return result;
    if (received == NULL || (received->id == 0 && kansen_code(received) == 0)) {
        if (received != NULL)
            kansen__v1__response__free_unpacked(received, NULL);
        return fail(kansen, KANSEN_E_PROTOCOL, "what came back is no answer of kansend");
    }
    *response = received;
    return 0;
}

int
kansen_code(const Kansen__V1__Response *response)
{
    return response->status != NULL ? response->status->code : 0;
}

const Kansen__V1__HelloResponse *
kansen_hello(const struct kansen *kansen)
{
    return kansen->session != NULL ? kansen_session_hello(kansen->session) : NULL;
}

const Kansen__V1__Status *
kansen_refusal(const struct kansen *kansen)
{
    return kansen->session != NULL ? kansen_session_refusal(kansen->session) : NULL;
}
