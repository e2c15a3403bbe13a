// SPDX-License-Identifier: Apache-2.0
// Connections are dealt to the workers in turn. Above the limit they are told so and closed; far above it,
// closed without a word. Without descriptors the listener rests for a moment instead of spinning.
#include "net/listener.h"
#include "auth/peer.h"
#include "base/log.h"
#include "net/worker.h"
#include "rpc/limits.h"
#include "rpc/service.h"
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG        1024
#define ACCEPTS        64u  // of one wake-up
#define REFUSALS       256u // connections above the limit that are told so at the same time
#define REST_US        100000
#define RETRY_AFTER_MS 1000u // hint in a refusal

struct listener {
    struct listener_options options;
    int fd;
    struct event *readable, *rest;
    unsigned next_worker;
};

static void
hand_over(struct listener *listener, struct worker_mail *mail)
{
    struct mailbox *mailbox = &listener->options.mailboxes[listener->next_worker];

    listener->next_worker = (listener->next_worker + 1) % listener->options.service->workers;
    mailbox_post(mailbox, &mail->mail, &mail->mail);
}

static void
set_no_delay(const struct listener *listener, int fd)
{
    int one = 1;

    // What fails here costs time at most.
    if (address_path(&listener->options.address) == NULL)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void
take(struct listener *listener, int fd)
{
    struct service *service = listener->options.service;
    unsigned max = service_limits(service)->max_connections;
    uint32_t open = atomic_fetch_add(&service->connections, 1);
    struct worker_mail *mail = open >= max + REFUSALS ? NULL : calloc(1, sizeof *mail);
    int rc;

    if (mail == NULL) {
        counters_add(&service->counters, COUNTER_CONNECTIONS_CLOSED);
        service_leave(service, false);
        close(fd);
        return;
    }
    mail->mail.kind = MAIL_CONNECTION;
    mail->fd = fd;
    mail->tls = listener->options.tls;
    set_no_delay(listener, fd);
    rc = peer_identify(fd, &mail->identity, &mail->refusal);
    mail->stranger = mail->identity.role == 0;
    if (mail->stranger)
        atomic_fetch_add(&service->strangers, 1);
    if (rc == 0 && mail->stranger && open >= max) { // an operator of this machine gets in
        counters_add(&service->counters, COUNTER_CONNECTIONS_MAX);
        fault_fill(&mail->refusal, CODE_RESOURCE_EXHAUSTED, "",
                   "%u connections are open, no more are allowed", max);
        mail->refusal.retry_after_ms = RETRY_AFTER_MS;
    } else if (rc != 0) {
        counters_add_code(&service->counters, mail->refusal.code);
        LOG_NOTICE(service->log, "auth", "a connection was refused", LOG_TEXT("why", mail->refusal.message));
    }
    hand_over(listener, mail);
}

static void
rest(struct listener *listener)
{
    static const struct timeval moment = {.tv_usec = REST_US};

    LOG_WARNING(listener->options.service->log, "net", "can not accept connections", LOG_ERRNO(errno));
    if (event_add(listener->rest, &moment) == 0)
        event_del(listener->readable);
}

// While strangers are too many, more of them wait in the backlog until the workers have closed the eldest
// ones.
static bool
holds_back(const struct listener *listener)
{
    const struct service *service = listener->options.service;

    return address_path(&listener->options.address) == NULL &&
           service_limits(service)->handshake_timeout_us != 0 && service_is_crowded(service);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct listener *listener = arg;

    (void)what;
    for (unsigned i = 0; i < ACCEPTS && !holds_back(listener); i++) {
        int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (accepted >= 0)
            take(listener, accepted);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            rest(listener);
            return;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        // Anything else is about that one connection, which is gone.
    }
}

static void
on_rested(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval moment = {.tv_usec = REST_US};
    struct listener *listener = arg;

    (void)fd;
    (void)what;
    if (event_add(listener->readable, NULL) != 0)
        (void)event_add(listener->rest, &moment);
}

// ---- Opening

// Removes the file of a unix socket that nobody listens on. 0, or FAULT if it is anything else.
static int
remove_stale(const struct address *address, struct fault *fault)
{
    const char *path = address_own_path(address);
    struct stat st;
    int fd, rc;

    if (path == NULL || lstat(path, &st) != 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return fault_set(fault, CODE_ALREADY_EXISTS, "listen", "%s is there and is no socket", path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rc = fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&address->addr, address->len);
    if (rc == 0 || errno != ECONNREFUSED)
        rc = fault_set(fault, CODE_ALREADY_EXISTS, "listen", "%s is in use by another process", path);
    else
        rc =
            unlink(path) == 0 ? 0 : fault_set(fault, CODE_UNKNOWN, "listen", "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return rc;
}

int
listener_new(const struct listener_options *options, struct listener **out, struct fault *fault)
{
    struct listener *listener;
    int fd;

    if (remove_stale(&options->address, fault) != 0)
        return FAULT;
    fd = address_listen(&options->address, BACKLOG);
    if (fd < 0)
        return fault_set(fault, CODE_UNAVAILABLE, "listen", "%s: %s", options->address.text, strerror(-fd));
    listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        close(fd);
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "listen", "memory is short");
    }
    listener->options = *options;
    listener->fd = fd;
    listener->readable = event_new(options->base, fd, EV_READ | EV_PERSIST, on_readable, listener);
    listener->rest = evtimer_new(options->base, on_rested, listener);
    if (listener->readable == NULL || listener->rest == NULL) {
        listener_free(listener);
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "listen", "memory is short");
    }
    *out = listener;
    return 0;
}

int
listener_start(struct listener *listener)
{
    return event_add(listener->readable, NULL) == 0 ? 0 : -ENOMEM;
}

void
listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    if (listener->readable != NULL)
        event_free(listener->readable);
    if (listener->rest != NULL)
        event_free(listener->rest);
    close(listener->fd);
    if (address_own_path(&listener->options.address) != NULL)
        (void)unlink(address_own_path(&listener->options.address));
    free(listener);
}

char *
listener_address(const struct listener *listener, char out[ADDRESS_TEXT_MAX])
{
    char bound[ADDRESS_TEXT_MAX];

    snprintf(out, ADDRESS_TEXT_MAX, "%s%s", listener->options.tls == NULL ? "" : ADDRESS_TLS,
             address_of_socket(listener->fd, bound));
    return out;
}
