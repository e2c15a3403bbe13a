// SPDX-License-Identifier: Apache-2.0
// Stop: no more connections, health says so, workers finish what is under way, then end; what takes too long
// is closed.
#include "net/server.h"
#include "base/log.h"
#include "base/options.h"
#include "base/systemd.h"
#include "net/listener.h"
#include "net/tls.h"
#include "net/worker.h"
#include "rpc/service.h"
#include "work/mailbox.h"
#include "work/tasks.h"
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct server {
    struct service *service;
    struct tls *tls; // NULL = none
    struct event_base *base;
    struct listener *listeners[OPTIONS_LISTEN_MAX];
    size_t n_listeners;
    struct worker **workers; // service->workers of them, NULL = not started
    struct mailbox *mailboxes;
    unsigned n_mailboxes; // that were made
    struct mailbox mailbox;
    bool has_mailbox;
    int signal_fd;
    struct event *signal, *mail, *late, *second;
    void (*reload)(void *arg); // NULL = nothing to do
    void *reload_arg;
    int64_t drain_us;
    bool draining;
    bool failed;
};

static void
notify_workers(struct server *server, unsigned notice)
{
    for (unsigned i = 0; i < server->n_mailboxes; i++)
        mailbox_notify(&server->mailboxes[i], notice);
}

static void
close_listeners(struct server *server)
{
    for (size_t i = 0; i < server->n_listeners; i++)
        listener_free(server->listeners[i]);
    server->n_listeners = 0;
}

static void
drain(struct server *server)
{
    struct timeval late = {server->drain_us / 1000000, server->drain_us % 1000000};

    if (server->draining)
        return;
    server->draining = true;
    atomic_store(&server->service->state, SERVICE_DRAINING);
    systemd_stopping();
    close_listeners(server);
    tasks_close(server->service->tasks); // they may take long, so they are answered by their end
    notify_workers(server, MAILBOX_DRAIN);
    if (event_add(server->late, &late) != 0)
        notify_workers(server, MAILBOX_STOP); // better too early than never
}

static void
end_when_done(struct server *server)
{
    for (unsigned i = 0; i < server->service->workers; i++) {
        if (server->workers[i] != NULL && !worker_done(server->workers[i]))
            return;
    }
    event_base_loopbreak(server->base);
}

// ---- Events

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
    struct server *server = arg;
    struct signalfd_siginfo info;

    (void)what;
    if (read(fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGHUP) {
        if (!server->draining && server->reload != NULL) {
            systemd_reloading();
            server->reload(server->reload_arg);
        }
        return;
    }
    LOG_NOTICE(server->service->log, "main", "stops", LOG_TEXT("signal", strsignal((int)info.ssi_signo)),
               LOG_YES("at_once", server->draining));
    if (server->draining)
        notify_workers(server, MAILBOX_STOP);
    drain(server);
}

static void
on_mail(evutil_socket_t fd, short what, void *arg)
{
    struct server *server = arg;
    unsigned notices;

    (void)fd;
    (void)what;
    (void)mailbox_take(&server->mailbox, &notices); // nobody sends mails here
    if ((notices & MAILBOX_FAILED) != 0) {
        server->failed = true;
        drain(server);
    }
    if ((notices & MAILBOX_DONE) != 0)
        end_when_done(server);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
    struct server *server = arg;

    (void)fd;
    (void)what;
    LOG_WARNING(server->service->log, "main", "the drain took too long, connections are closed");
    notify_workers(server, MAILBOX_STOP);
}

// One clock for all workers: a timer in a worker's own loop would cost each of its wake-ups two looks at the
// clock and a timer of the kernel.
static void
on_second(evutil_socket_t fd, short what, void *arg)
{
    struct server *server = arg;

    (void)fd;
    (void)what;
    log_tell_left_out(server->service->log, false);
    if (atomic_load(&server->service->connections) > 0)
        notify_workers(server, MAILBOX_SECOND);
}

// ---- Making

static int
open_signals(struct server *server)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    server->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return server->signal_fd < 0 ? -1 : 0;
}

static int
open_mailboxes(struct server *server)
{
    unsigned workers = server->service->workers;

    server->has_mailbox = mailbox_init(&server->mailbox) == 0;
    server->mailboxes = calloc(workers, sizeof server->mailboxes[0]);
    server->workers = calloc(workers, sizeof(struct worker *));
    if (!server->has_mailbox || server->mailboxes == NULL || server->workers == NULL)
        return -1;
    while (server->n_mailboxes < workers && mailbox_init(&server->mailboxes[server->n_mailboxes]) == 0)
        server->n_mailboxes++;
    return server->n_mailboxes == workers ? 0 : -1;
}

static int
open_events(struct server *server)
{
    static const struct timeval second = {.tv_sec = 1};

    server->base = event_base_new();
    if (server->base == NULL)
        return -1;
    server->signal = event_new(server->base, server->signal_fd, EV_READ | EV_PERSIST, on_signal, server);
    server->mail = event_new(server->base, server->mailbox.event_fd, EV_READ | EV_PERSIST, on_mail, server);
    server->late = evtimer_new(server->base, on_late, server);
    server->second = event_new(server->base, -1, EV_PERSIST, on_second, server);
    if (server->signal == NULL || server->mail == NULL || server->late == NULL || server->second == NULL)
        return -1;
    return event_add(server->signal, NULL) != 0 || event_add(server->mail, NULL) != 0 ||
                   event_add(server->second, &second) != 0
               ? -1
               : 0;
}

struct server *
server_new(struct service *service)
{
    struct server *server = calloc(1, sizeof *server);

    if (server == NULL)
        return NULL;
    server->service = service;
    server->signal_fd = -1;
    if (open_signals(server) != 0 || open_mailboxes(server) != 0 || open_events(server) != 0) {
        server_free(server);
        return NULL;
    }
    return server;
}

static void
close_mailbox(struct server *server, struct mailbox *mailbox)
{
    unsigned notices;

    worker_drop_mails(server->service, mailbox_take(mailbox, &notices));
    mailbox_destroy(mailbox);
}

void
server_free(struct server *server)
{
    struct event *events[] = {server == NULL ? NULL : server->signal, server == NULL ? NULL : server->mail,
                              server == NULL ? NULL : server->late, server == NULL ? NULL : server->second};

    if (server == NULL)
        return;
    close_listeners(server);
    for (unsigned i = 0; i < server->n_mailboxes; i++)
        close_mailbox(server, &server->mailboxes[i]);
    if (server->has_mailbox)
        close_mailbox(server, &server->mailbox);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (events[i] != NULL)
            event_free(events[i]);
    }
    if (server->base != NULL)
        event_base_free(server->base);
    if (server->signal_fd >= 0)
        close(server->signal_fd);
    free(server->mailboxes);
    free(server->workers);
    free(server);
}

struct event_base *
server_base(struct server *server)
{
    return server->base;
}

struct mailbox *
server_mailboxes(struct server *server)
{
    return server->mailboxes;
}

struct mailbox *
server_mailbox(struct server *server)
{
    return &server->mailbox;
}

// ---- Running

void
server_hold_reload(bool hold)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void
server_use_tls(struct server *server, struct tls *tls)
{
    server->tls = tls;
}

void
server_on_reload(struct server *server, void (*act)(void *arg), void *arg)
{
    server->reload = act;
    server->reload_arg = arg;
}

void
server_change(struct server *server, int64_t drain_us)
{
    server->drain_us = drain_us;
    notify_workers(server, MAILBOX_LIMITS);
}

int
server_listen(struct server *server, const struct address *address, struct fault *fault)
{
    struct listener_options options = {server->base, server->service, server->mailboxes, *address,
                                       address->tls ? server->tls : NULL};
    int rc;

    if (server->n_listeners == OPTIONS_LISTEN_MAX)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "listen", "at most %u are allowed",
                         OPTIONS_LISTEN_MAX);
    rc = listener_new(&options, &server->listeners[server->n_listeners], fault);
    if (rc == 0)
        server->n_listeners++;
    return rc;
}

static int
start_workers(struct server *server)
{
    for (unsigned i = 0; i < server->service->workers; i++) {
        struct worker_options options = {i, server->service, &server->mailboxes[i], &server->mailbox};
        int rc = worker_start(&options, &server->workers[i]);

        if (rc != 0)
            return rc;
    }
    return 0;
}

static void
finish_workers(struct server *server)
{
    for (unsigned i = 0; i < server->service->workers; i++) {
        worker_finish(server->workers[i]);
        server->workers[i] = NULL;
    }
}

int
server_start(struct server *server)
{
    int rc = start_workers(server);

    for (size_t i = 0; i < server->n_listeners && rc == 0; i++)
        rc = listener_start(server->listeners[i]);
    if (rc != 0) {
        notify_workers(server, MAILBOX_STOP);
        finish_workers(server);
        return rc;
    }
    atomic_store(&server->service->state, SERVICE_SERVING);
    return 0;
}

char *
server_addresses(const struct server *server, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < server->n_listeners && len < size; i++) {
        char address[ADDRESS_TEXT_MAX];
        int more = snprintf(out + len, size - len, "%s%s", i == 0 ? "" : " ",
                            listener_address(server->listeners[i], address));

        len += more < 0 ? 0 : (size_t)more;
    }
    return out;
}

int
server_run(struct server *server, int64_t drain_us)
{
    server->drain_us = drain_us;
    if (event_base_dispatch(server->base) < 0)
        server->failed = true;
    notify_workers(server, MAILBOX_STOP); // those that end well have ended
    finish_workers(server);
    return server->failed ? 1 : 0;
}
