// SPDX-License-Identifier: Apache-2.0
// A listening socket: accepts, asks who it is, and hands the connection to a worker. The main thread's loop.
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "base/attr.h"
#include "base/fault.h"
#include "net/address.h"

struct event_base;
struct listener;
struct mailbox;
struct service;
struct tls;

struct listener_options {
    struct event_base *base;
    struct service *service;
    struct mailbox *mailboxes; // of the workers, service->workers of them
    struct address address;
    struct tls *tls; // NULL = plain
};

// Binds and listens; nothing is accepted before listener_start. A unix socket that nobody listens on any more
// is replaced. 0 or FAULT; *out is set on 0 only.
int listener_new(const struct listener_options *options, struct listener **out,
                 struct fault *fault) MUST_CHECK;
int listener_start(struct listener *listener) MUST_CHECK; // 0 or -ENOMEM

// Stops listening, removes a unix socket's file, frees. NULL is safe.
void listener_free(struct listener *listener);

// Writes the address with its actual port to out; returns out.
char *listener_address(const struct listener *listener, char out[ADDRESS_TEXT_MAX]);

#endif
