// SPDX-License-Identifier: Apache-2.0
// How many connections of a worker are of a token that expires, and the tick in which the worker looks
// whether one has. A worker without such connections is not woken. One thread.
#ifndef NET_EXPIRING_H
#define NET_EXPIRING_H

#include "base/attr.h"
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

struct expiring {
    size_t count;
    struct event *tick; // once a second while there are any
};

// Makes the tick, which calls on_tick with arg. 0 or -ENOMEM. One that was never opened may be closed.
int expiring_open(struct expiring *expiring, struct event_base *base, event_callback_fn on_tick,
                  void *arg) MUST_CHECK;
void expiring_close(struct expiring *expiring);

// Counts a connection whose token expires, once, and one that goes, if it was counted; *counted is its own. 0
// or -ENOMEM.
int expiring_add(struct expiring *expiring, bool *counted) MUST_CHECK;
void expiring_remove(struct expiring *expiring, bool *counted);

#endif
