// SPDX-License-Identifier: Apache-2.0
// The admin port: HTTP for probes and metrics. GET /healthz answers 200 while the loops of all threads and
// the writer go on and 503 otherwise, with their names; GET /readyz 200 while the daemon serves and 503
// otherwise; GET /metrics the metrics in the text format of Prometheus. A request may have 4 KiB of headers
// and no body, a connection serves one request, and how many there are, and for how long, is bounded. The
// main thread's loop.
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/attr.h"
#include "base/fault.h"
#include "net/address.h"

struct admin;
struct event_base;
struct service;
struct tls;
struct watchdog;

// Binds and answers from then on. 0 or FAULT; *out is set on 0 only. admin_free(NULL) is safe; call it before
// the base is freed.
int admin_start(struct event_base *base, struct service *service, const struct address *address,
                struct admin **out, struct fault *fault) MUST_CHECK;
void admin_free(struct admin *admin);

// Who knows whether all threads go on; before that, and with NULL, that is taken for granted. And the TLS of
// the listeners, whose certificate's end is told; NULL = none. admin may be NULL.
void admin_watch(struct admin *admin, const struct watchdog *watchdog);
void admin_use_tls(struct admin *admin, struct tls *tls);

// Writes the address with its actual port to out; returns out.
char *admin_address(const struct admin *admin, char out[ADDRESS_TEXT_MAX]);

#endif
