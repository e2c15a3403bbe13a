// SPDX-License-Identifier: Apache-2.0
// Looks the name up, then tries one address after the other. Invariants: at any time there is a lookup, or a
// socket that connects, or a timer for the next step, until finish(), which is the last thing that any
// function does.
#include "client/event/kansen_dial.h"
#include "client/lib/kansen.h"
#include "client/lib/kansen_address.h"
#include <errno.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_MS 10u // between tries while a unix socket's queue is full

// A question for the addresses of a host; it outlives its dial when that goes first.
struct lookup {
    struct kansen_dial *dial; // NULL = gone
    struct evdns_getaddrinfo_request *request;
};

struct kansen_dial {
    struct event_base *base;
    struct evdns_base *dns;
    const char *server;
    uint32_t timeout_ms, waited_ms; // waited for a unix socket's queue
    kansen_dial_done *done;
    void *arg;
    struct event *timer, *writable; // the latter NULL without a socket
    int fd;
    struct lookup *lookup;                // NULL = none under way
    struct evutil_addrinfo *found, *next; // addresses, and the one that is tried next
};

static void
close_socket(struct kansen_dial *dial)
{
    if (dial->writable != NULL)
        event_free(dial->writable);
    dial->writable = NULL;
    if (dial->fd >= 0)
        close(dial->fd);
    dial->fd = -1;
}

void
kansen_dial_stop(struct kansen_dial *dial)
{
    if (dial == NULL)
        return;
    if (dial->lookup != NULL) {
        dial->lookup->dial = NULL; // it frees itself when it is told of the end
        evdns_getaddrinfo_cancel(dial->lookup->request);
    }
    close_socket(dial);
    if (dial->found != NULL)
        evutil_freeaddrinfo(dial->found);
    if (dial->timer != NULL)
        event_free(dial->timer);
    free(dial);
}

static void
finish(struct kansen_dial *dial, int outcome, const char *why)
{
    kansen_dial_done *done = dial->done;
    void *arg = dial->arg;
    int fd = outcome == 0 ? dial->fd : -1;
    char text[512];

    snprintf(text, sizeof text, "could not reach %s: %s", dial->server, why);
    if (outcome == 0)
        dial->fd = -1;
    kansen_dial_stop(dial);
    done(arg, fd, outcome, text);
}

static void
finish_errno(struct kansen_dial *dial, int number)
{
    finish(dial, number == ETIMEDOUT ? KANSEN_E_TIMEOUT : KANSEN_E_UNREACHABLE, strerror(number));
}

static void
set_timer(struct kansen_dial *dial, uint32_t wait_ms)
{
    struct timeval wait = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000 * 1000)};

    event_add(dial->timer, &wait);
}

static void start_next(struct kansen_dial *dial, int number);

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct kansen_dial *dial = arg;
    int number = 0;
    socklen_t len = sizeof number;

    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &len) != 0)
        number = errno;
    if (number == 0)
        finish(dial, 0, "");
    else
        start_next(dial, number);
}

// Begins to connect to one address. 0, or the errno that it failed with at once. The socket can be written to
// when that is decided, also where it was at once.
static int
start(struct kansen_dial *dial, const struct sockaddr *address, socklen_t len)
{
    int fd = -1, number = kansen_address_start(address, len, &fd);

    if (number != 0 && number != EINPROGRESS)
        return number;
    dial->fd = fd;
    dial->writable = event_new(dial->base, fd, EV_WRITE, on_writable, dial);
    if (dial->writable == NULL || event_add(dial->writable, NULL) != 0) {
        close_socket(dial);
        return ENOMEM;
    }
    set_timer(dial, dial->timeout_ms);
    return 0;
}

// Tries the next addresses; number is why the one before failed.
static void
start_next(struct kansen_dial *dial, int number)
{
    close_socket(dial);
    while (dial->next != NULL) {
        struct evutil_addrinfo *one = dial->next;

        dial->next = one->ai_next;
        number = start(dial, one->ai_addr, one->ai_addrlen);
        if (number == 0)
            return;
    }
    finish_errno(dial, number);
}

static void
take_addresses(struct kansen_dial *dial, int result, struct evutil_addrinfo *found)
{
    if (result != 0) {
        finish(dial, KANSEN_E_UNREACHABLE, evutil_gai_strerror(result));
        return;
    }
    dial->found = dial->next = found;
    start_next(dial, ENOENT);
}

static void
on_addresses(int result, struct evutil_addrinfo *found, void *arg)
{
    struct lookup *lookup = arg;
    struct kansen_dial *dial = lookup->dial;

    free(lookup);
    if (dial != NULL) {
        dial->lookup = NULL;
        take_addresses(dial, result, found);
    } else if (found != NULL) {
        evutil_freeaddrinfo(found);
    }
}

static void
look_up(struct kansen_dial *dial, const char *host, const char *port)
{
    struct evutil_addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = EVUTIL_AI_NUMERICSERV};
    struct evutil_addrinfo *found = NULL;
    struct evdns_getaddrinfo_request *request;
    struct lookup *lookup;

    if (dial->dns == NULL) {
        int result = evutil_getaddrinfo(host, port, &hints, &found);

        take_addresses(dial, result, found);
        return;
    }
    lookup = dial->lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL) {
        finish_errno(dial, ENOMEM);
        return;
    }
    lookup->dial = dial;
    set_timer(dial, dial->timeout_ms);
    request = evdns_getaddrinfo(dial->dns, host, port, &hints, on_addresses, lookup);
    if (request != NULL) // else it has called back, and the dial may be gone
        lookup->request = request;
}

static void
start_unix(struct kansen_dial *dial, const struct sockaddr_un *address)
{
    int number = start(dial, (const struct sockaddr *)address, sizeof *address);

    if (number == EAGAIN && dial->waited_ms < dial->timeout_ms) {
        dial->waited_ms += RETRY_MS;
        set_timer(dial, RETRY_MS);
    } else if (number != 0) {
        finish_errno(dial, number);
    }
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct kansen_dial *dial = arg;
    char host[KANSEN_ADDRESS_HOST_MAX], error[256];
    struct sockaddr_un address;
    const char *port;
    int kind;

    (void)fd;
    (void)what;
    kind = kansen_address_unix(dial->server, &address, error, sizeof error);
    if (dial->fd >= 0 || dial->lookup != NULL)
        start_next(dial, ETIMEDOUT);
    else if (kind == 0)
        start_unix(dial, &address);
    else if (kind == KANSEN_E_MORE &&
             kansen_address_host(dial->server, host, &port, error, sizeof error) == 0)
        look_up(dial, host, port);
    else
        finish(dial, KANSEN_E_UNREACHABLE, error);
}

struct kansen_dial *
kansen_dial_start(struct event_base *base, struct evdns_base *dns, const char *server, uint32_t timeout_ms,
                  kansen_dial_done *done, void *arg)
{
    struct kansen_dial *dial = calloc(1, sizeof *dial);

    if (dial == NULL)
        return NULL;
    *dial = (struct kansen_dial){.base = base,
                                 .dns = dns,
                                 .server = server,
                                 .timeout_ms = timeout_ms,
                                 .done = done,
                                 .arg = arg,
                                 .fd = -1};
    dial->timer = event_new(base, -1, 0, on_timer, dial);
    if (dial->timer == NULL) {
        kansen_dial_stop(dial);
        return NULL;
    }
    event_active(dial->timer, EV_TIMEOUT, 0);
    return dial;
}
