// SPDX-License-Identifier: Apache-2.0
// Invariant: commits are wanted, and the tick is armed, if and only if the list is not empty. A connection is
// put in before its snapshot begins, so a commit that is not in the snapshot is told.
#include "net/watching.h"
#include "rpc/rpc.h"
#include "work/mailbox.h"
#include <errno.h>

int
watching_open(struct watching *watching, struct event_base *base, event_callback_fn on_tick, void *arg)
{
    TAILQ_INIT(&watching->list);
    watching->tick = event_new(base, -1, EV_PERSIST, on_tick, arg);
    return watching->tick == NULL ? -ENOMEM : 0;
}

void
watching_close(struct watching *watching)
{
    if (watching->tick != NULL)
        event_free(watching->tick);
    watching->tick = NULL;
}

static int
put_in(struct watching *watching, struct watcher *watcher)
{
    static const struct timeval second = {.tv_sec = 1};

    if (watcher->listed)
        return 0;
    if (TAILQ_EMPTY(&watching->list)) {
        if (event_add(watching->tick, &second) != 0)
            return -ENOMEM;
        mailbox_want_commits(watching->mailbox, true);
    }
    TAILQ_INSERT_TAIL(&watching->list, watcher, entry);
    watcher->listed = true;
    return 0;
}

static void
take_out(struct watching *watching, struct watcher *watcher)
{
    if (!watcher->listed)
        return;
    TAILQ_REMOVE(&watching->list, watcher, entry);
    watcher->listed = false;
    if (TAILQ_EMPTY(&watching->list)) {
        event_del(watching->tick);
        mailbox_want_commits(watching->mailbox, false);
    }
}

int
watching_feed(struct watching *watching, struct watcher *watcher)
{
    struct watch_fed fed = {0};
    int rc;

    watcher->more = false;
    if (watcher->session->watches.count == 0)
        return 0;
    rc = put_in(watching, watcher);
    if (rc == 0)
        rc = rpc_feed(watching->env, watcher->session, watching->room, watcher->out, &fed);
    rpc_pause(watching->env);
    watcher->more = fed.more;
    watcher->ended = watcher->ended || fed.ended;
    return rc;
}

bool
watching_sent(struct watching *watching, struct watcher *watcher)
{
    if (buf_len(watcher->out) == 0)
        watcher->ended = false;
    if (watcher->session->watches.count == 0 && !watcher->ended)
        take_out(watching, watcher);
    return watcher->more && buf_len(watcher->out) < watching->room;
}

void
watching_leave(struct watching *watching, struct watcher *watcher)
{
    watch_drop_all(&watcher->session->watches);
    take_out(watching, watcher);
}

void
watching_each(struct watching *watching, void (*act)(struct conn *conn))
{
    struct watcher *watcher = TAILQ_FIRST(&watching->list);

    while (watcher != NULL) {
        struct watcher *next = TAILQ_NEXT(watcher, entry);

        act(watcher->conn);
        watcher = next;
    }
}
