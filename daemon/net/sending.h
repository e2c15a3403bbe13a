// SPDX-License-Identifier: Apache-2.0
// Connections that have run and send together: waking a client that waits costs more than sending does, and
// one that is awake need not be woken again. One thread.
#ifndef NET_SENDING_H
#define NET_SENDING_H

#include <stdbool.h>
#include <sys/queue.h>

struct conn;

// A connection's side: all zero but for the pointer, which the connection sets.
struct sender {
    struct conn *conn;
    bool listed;
    TAILQ_ENTRY(sender) entry;
};

struct sending {
    TAILQ_HEAD(sender_list, sender) list;
    unsigned count;
};

void sending_init(struct sending *sending);

// Adds a connection unless it is in already. Returns how many there are.
unsigned sending_add(struct sending *sending, struct sender *sender);

// Takes a connection out if it is in.
void sending_leave(struct sending *sending, struct sender *sender);

// Takes each out in turn and calls act, which may free it or add others.
void sending_each(struct sending *sending, void (*act)(struct conn *conn));

#endif
