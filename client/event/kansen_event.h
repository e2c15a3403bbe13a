// SPDX-License-Identifier: Apache-2.0
// libkansen-event: a session of libkansen in a loop of libevent 2.
//
// It never blocks, but for names of hosts that are looked up without an evdns_base. Everything happens in the
// loop's thread: functions are called there, and call back from the loop, never from inside themselves.
// Callbacks may call all functions, kansen_event_free too. Threads: its own, the loop's, for all functions;
// objects of different loops share nothing.
#ifndef KANSEN_EVENT_H
#define KANSEN_EVENT_H

#include <kansen_session.h>

#ifdef __cplusplus
extern "C" {
#endif

struct event_base;
struct evdns_base;
struct kansen_event;

// Begins to connect to server in the next turn of the loop, and goes on as options->retry_ms says. base must
// outlive it; so must dns, with which names are looked up (NULL = by the C library, which blocks; addresses
// and unix sockets never do). What is no good about server or options is told by the state FAILED. NULL when
// memory is short.
struct kansen_event *kansen_event_new(struct event_base *base, struct evdns_base *dns, const char *server,
                                      const struct kansen_options *options) KANSEN_MUST_CHECK;

// Closes the connection. Calls under way are never answered. kansen_event_free(NULL) is safe.
void kansen_event_free(struct kansen_event *event);

// What a call is answered: once, or for a watch until kansen_is_last. The response is gone when this returns.
// local says that it was made here, as in struct kansen_answer.
typedef void kansen_event_answer(void *arg, const Kansen__V1__Response *response, bool local);

// Sends a request, as kansen_session_request, in the next turn of the loop. The call is answered exactly once
// if this returns 0. 0, KANSEN_E_TOO_LARGE, _FULL, _CLOSED (the session has failed) or -ENOMEM.
int kansen_event_call(struct kansen_event *event, Kansen__V1__Request *request, unsigned how,
                      kansen_event_answer *answer, void *arg) KANSEN_MUST_CHECK;

// Calls back when the session's state has changed, from now on. NULL = not any more.
typedef void kansen_event_changed(void *arg, enum kansen_session_state state);
void kansen_event_on_change(struct kansen_event *event, kansen_event_changed *changed, void *arg);

// The session, to ask for its state, error, hello and calls in flight; it lives as long as event.
const struct kansen_session *kansen_event_session(const struct kansen_event *event);

#ifdef __cplusplus
}
#endif

#endif
