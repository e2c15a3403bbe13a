// SPDX-License-Identifier: Apache-2.0
// The admin port: HTTP for probes. GET /healthz answers 200 while the main loop runs; GET /readyz 200 while
// the daemon serves and 503 otherwise. The main thread's loop.
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/attr.h"
#include "base/fault.h"
#include "net/address.h"

struct admin;
struct event_base;
struct service;

// Binds and answers from then on. 0 or FAULT; *out is set on 0 only. admin_free(NULL) is safe; call it before
// the base is freed.
int admin_start(struct event_base *base, struct service *service, const struct address *address,
                struct admin **out, struct fault *fault) MUST_CHECK;
void admin_free(struct admin *admin);

// Writes the address with its actual port to out; returns out.
char *admin_address(const struct admin *admin, char out[ADDRESS_TEXT_MAX]);

#endif
