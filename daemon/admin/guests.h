// SPDX-License-Identifier: Apache-2.0
// The connections of the admin port: so many at a time, and each for a short time only, however slowly it
// sends or takes; who comes when all places are taken waits in the backlog. evhttp has no such limits of its
// own. The main thread.
#ifndef ADMIN_GUESTS_H
#define ADMIN_GUESTS_H

#include "base/attr.h"

#define GUESTS_MAX    32u
#define GUESTS_STAY_S 20

struct event_base;
struct evhttp;
struct evhttp_bound_socket;
struct guests;

// Counts the connections that http takes from the bound socket from now on. NULL when memory is short.
// guests_free(NULL) is safe; free http first.
struct guests *guests_new(struct event_base *base, struct evhttp *http,
                          struct evhttp_bound_socket *bound) MUST_CHECK;
void guests_free(struct guests *guests);

#endif
