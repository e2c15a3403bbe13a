// SPDX-License-Identifier: Apache-2.0
// The main loop: listeners, signals, the workers, and the order in which they start and stop. The main
// thread.
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "base/attr.h"
#include "base/fault.h"
#include "net/address.h"
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct mailbox;
struct server;
struct service;
struct tls;

// Makes the main loop and the mailboxes of service->workers workers, and holds SIGTERM, SIGINT and SIGHUP
// back for it; call it before any other thread starts. The service must outlive the server. NULL when
// something is short.
struct server *server_new(struct service *service) MUST_CHECK;
void server_free(struct server *server); // NULL is safe

struct event_base *server_base(struct server *server);
struct mailbox *server_mailboxes(struct server *server); // of the workers
struct mailbox *server_mailbox(struct server *server);   // the main thread's

// Gives the server the TLS of its listeners, before they are made. It must outlive the server, and stays the
// caller's.
void server_use_tls(struct server *server, struct tls *tls);

// Binds and listens. 0 or FAULT.
int server_listen(struct server *server, const struct address *address, struct fault *fault) MUST_CHECK;

// Keeps SIGHUP, which would end the process, until a server takes it; or lets it through again.
void server_hold_reload(bool hold);

// Calls act at each SIGHUP while the daemon serves, and once at its start if one has come before. The service
// manager is told before; act tells it that the daemon is ready again (systemd_ready).
void server_on_reload(struct server *server, void (*act)(void *arg), void *arg);

// Other limits are in force: the workers are told. A drain that begins later takes drain_us microseconds.
void server_change(struct server *server, int64_t drain_us);

// Starts the workers. 0 or -errno.
int server_start(struct server *server) MUST_CHECK;

// Writes the addresses with their actual ports, separated by spaces, to out; returns out.
char *server_addresses(const struct server *server, char *out, size_t size);

// Serves until SIGTERM or SIGINT (the second one does not wait), or until the writer failed; then drains for
// at most drain_us microseconds and ends the workers. 0 after a signal, 1 after a failure.
int server_run(struct server *server, int64_t drain_us) MUST_CHECK;

#endif
