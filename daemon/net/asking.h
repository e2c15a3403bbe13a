// SPDX-License-Identifier: Apache-2.0
// What a loop is asked to tell of a socket. One thread.
#ifndef NET_ASKING_H
#define NET_ASKING_H

#include "base/attr.h"
#include <event2/event.h>
#include <stdbool.h>

// Adds the event to the loop or takes it out, unless it is so already; *added is whether it is in. With
// within (NULL = any time) it is told after that time at the latest, counted from this call or from the last
// time that it was told. 0 or -ENOMEM.
int asking_for(struct event *event, bool wanted, const struct timeval *within, bool *added) MUST_CHECK;

#endif
