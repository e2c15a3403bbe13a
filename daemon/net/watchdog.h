// SPDX-License-Identifier: Apache-2.0
// Knows whether all threads go on: each is asked, also when it is idle, and has to take the question. While
// they do, it feeds the service manager's watchdog, so one that is stuck ends in a restart. Reading threads,
// the job thread and that of rounds are left out, as theirs is what takes long. Main thread.
#ifndef NET_WATCHDOG_H
#define NET_WATCHDOG_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct mailbox;
struct service;
struct watchdog;

struct watchdog_options {
    struct event_base *base;   // the main loop, which asks: when it stands still, nobody feeds
    struct service *service;   // its workers, queue, writer, log
    struct mailbox *mailboxes; // of the workers
    struct mailbox *clock;     // of the clock
    uint64_t interval_us;      // within which one that is stuck is to be known
    bool feeds;                // the service manager wants to be fed within the interval
};

// Asks, and feeds, from now on, several times in each interval, until the daemon drains. A loop that does not
// answer for the interval, and a writer that neither answers nor changes anything for four of them, do not go
// on; the log says which. What the options point to must outlive it. NULL when memory is short;
// watchdog_free(NULL) is safe.
struct watchdog *watchdog_new(const struct watchdog_options *options) MUST_CHECK;
void watchdog_free(struct watchdog *watchdog); // before the base is freed

// Writes the names of the threads that do not go on, separated by spaces, to out; returns whether all do.
// NULL knows of none.
bool watchdog_all_go_on(const struct watchdog *watchdog, char *out, size_t size);

#endif
