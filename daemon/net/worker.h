// SPDX-License-Identifier: Apache-2.0
// A worker: a thread with a loop, the connections that were handed to it, and what it needs to answer them.
// It is reached through its mailbox only.
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "auth/role.h"
#include "base/attr.h"
#include "base/fault.h"
#include "work/mailbox.h"
#include <stdbool.h>
#include <stddef.h>

struct service;
struct tls;
struct worker;

// A new connection on its way to a worker, which closes fd and frees the mail. Made with malloc.
struct worker_mail {
    struct mail mail; // MAIL_CONNECTION
    int fd;           // not blocking; counted in service->connections
    struct tls *tls;  // NULL = plain
    bool stranger;    // Hello must say who calls, within the handshake's time limit; counted in
                      // service->strangers
    struct identity identity;
    struct fault refusal; // code other than OK: tell it and close
};

struct worker_options {
    unsigned number;
    struct service *service;
    struct mailbox *mailbox; // its own
    struct mailbox *owner;   // told MAILBOX_DONE when the thread ends
};

// Starts the thread. 0 or -errno. What the options point to must outlive the worker.
int worker_start(const struct worker_options *options, struct worker **out) MUST_CHECK;

// Whether the thread has ended its loop (after MAILBOX_DRAIN or MAILBOX_STOP). Any thread.
bool worker_done(struct worker *worker);

// Waits for the thread and frees. NULL is safe.
void worker_finish(struct worker *worker);

// Frees mails that nobody will take any more.
void worker_drop_mails(struct service *service, struct mail *first);

#endif
