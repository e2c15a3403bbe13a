// SPDX-License-Identifier: Apache-2.0
// evhttp asks for a bufferevent for each connection and frees it without a word, so a share is kept of each:
// once evhttp has taken its callbacks off, the connection is over, and giving up the share closes it.
#include "admin/guests.h"
#include "base/clock.h"
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct guest {
    struct bufferevent *stream;
    int64_t came_us; // on the steady clock
};

struct guests {
    struct evconnlistener *listener;
    struct event *second;
    size_t count;
    struct guest guests[GUESTS_MAX];
};

static bool
has_left(const struct guest *guest)
{
    bufferevent_event_cb on_event = NULL;

    bufferevent_getcb(guest->stream, NULL, NULL, &on_event, NULL);
    return on_event == NULL;
}

static void
drop_those_gone(struct guests *guests)
{
    size_t kept = 0;

    for (size_t i = 0; i < guests->count; i++) {
        if (has_left(&guests->guests[i]))
            bufferevent_decref(guests->guests[i].stream);
        else
            guests->guests[kept++] = guests->guests[i];
    }
    guests->count = kept;
    if (guests->count < GUESTS_MAX)
        evconnlistener_enable(guests->listener);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
    struct guests *guests = arg;
    int64_t latest = clock_steady_us() - INT64_C(1000000) * GUESTS_STAY_S;

    (void)fd;
    (void)what;
    drop_those_gone(guests);
    for (size_t i = 0; i < guests->count; i++) {
        if (guests->guests[i].came_us < latest) // as if it had been silent
            bufferevent_trigger_event(guests->guests[i].stream, BEV_EVENT_READING | BEV_EVENT_TIMEOUT, 0);
    }
    drop_those_gone(guests);
}

static struct bufferevent *
on_guest(struct event_base *base, void *arg)
{
    struct guests *guests = arg;
    struct bufferevent *stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    drop_those_gone(guests);
    if (stream == NULL || guests->count == GUESTS_MAX)
        return stream;
    bufferevent_incref(stream);
    guests->guests[guests->count++] = (struct guest){stream, clock_steady_us()};
    if (guests->count == GUESTS_MAX)
        evconnlistener_disable(guests->listener);
    return stream;
}

struct guests *
guests_new(struct event_base *base, struct evhttp *http, struct evhttp_bound_socket *bound)
{
    static const struct timeval second = {.tv_sec = 1};
    struct guests *guests = calloc(1, sizeof *guests);

    if (guests == NULL)
        return NULL;
    guests->listener = evhttp_bound_socket_get_listener(bound);
    guests->second = event_new(base, -1, EV_PERSIST, on_second, guests);
    if (guests->second == NULL || event_add(guests->second, &second) != 0) {
        guests_free(guests);
        return NULL;
    }
    evhttp_set_bevcb(http, on_guest, guests);
    return guests;
}

void
guests_free(struct guests *guests)
{
    if (guests == NULL)
        return;
    for (size_t i = 0; i < guests->count; i++)
        bufferevent_decref(guests->guests[i].stream);
    if (guests->second != NULL)
        event_free(guests->second);
    free(guests);
}
