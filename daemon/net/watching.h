// SPDX-License-Identifier: Apache-2.0
// Which connections of a worker follow the journal, what wakes them (a commit, and a second that passed), and
// how what they follow comes into their output. A worker without such connections is not woken. One thread.
#ifndef NET_WATCHING_H
#define NET_WATCHING_H

#include "base/attr.h"
#include "base/buf.h"
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;
struct mailbox;
struct rpc_env;
struct session;

// A connection's side: all zero but for the pointers, which the connection sets.
struct watcher {
    struct conn *conn;
    struct session *session;
    struct buf *out;
    bool listed;
    bool ended; // a watch has ended whose last answer may not have been sent
    bool more;  // there is more to tell than was told
    TAILQ_ENTRY(watcher) entry;
};

// The worker's side. room: what an output may hold before watches add to it; below the cap that stops the
// reading of requests, so that watches do not keep requests out.
struct watching {
    TAILQ_HEAD(, watcher) list;
    struct event *tick; // once a second while the list is not empty
    struct mailbox *mailbox;
    struct rpc_env *env;
    size_t room;
};

// Makes the tick, which calls on_tick with arg; mailbox, env and room are set by the worker. 0 or -ENOMEM.
// watching_close wants an empty list; one that was never opened is fine.
int watching_open(struct watching *watching, struct event_base *base, event_callback_fn on_tick,
                  void *arg) MUST_CHECK;
void watching_close(struct watching *watching);

// Adds what the connection's watches have to tell to its output, as far as there is room, from a snapshot of
// its own: none may be open. 0 or -ENOMEM.
int watching_feed(struct watching *watching, struct watcher *watcher) MUST_CHECK;

// What follows from a send. True when the connection shall have another turn, as there is more to tell and
// room for it.
bool watching_sent(struct watching *watching, struct watcher *watcher);

// Drops the watches of a connection that goes.
void watching_leave(struct watching *watching, struct watcher *watcher);

// Calls act for each connection, which act may free.
void watching_each(struct watching *watching, void (*act)(struct conn *conn));

#endif
