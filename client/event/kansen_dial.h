// SPDX-License-Identifier: Apache-2.0
// Makes one connection to a server in a loop of libevent. Threads: the loop's.
#ifndef CLIENT_EVENT_KANSEN_DIAL_H
#define CLIENT_EVENT_KANSEN_DIAL_H

#include <stdint.h>

struct event_base;
struct evdns_base;
struct kansen_dial;

// How it ended: fd is a socket that does not block, the receiver's from now on, or -1; then outcome is
// KANSEN_E_UNREACHABLE or KANSEN_E_TIMEOUT, and why is for a person. The dial is gone when this returns.
typedef void kansen_dial_done(void *arg, int fd, int outcome, const char *why);

// Begins in the next turn of the loop, and gives each address of the server timeout_ms; dns may be NULL (the
// C library looks names up, and blocks). server must stay. done is called once, from the loop. NULL when
// memory is short.
struct kansen_dial *kansen_dial_start(struct event_base *base, struct evdns_base *dns, const char *server,
                                      uint32_t timeout_ms, kansen_dial_done *done, void *arg);

// Ends one that is not done; done is not called. kansen_dial_stop(NULL) is safe.
void kansen_dial_stop(struct kansen_dial *dial);

#endif
