// SPDX-License-Identifier: Apache-2.0
// The priority of long work beside the workers. Any thread, for itself.
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

struct log;

// Gives the calling thread a tenth of what a worker gets when both want a core. For what holds a snapshot or
// a lock that others wait for: with less, a busy core would keep it for seconds. What is not allowed is left
// as it was, and the log says so. what names the thread there.
void background_enter(const struct log *log, const char *what);

// Runs work(arg) in a thread of its own, which gets what others leave and makes way for whoever wakes at
// once, and waits for its end. For work that only computes, or reads: on a machine whose cores are all busy
// it may stand still for a second with whatever it holds. what: the thread's name, at most 15 bytes. Where
// there can be no such thread the caller does the work itself, and the log says so. Returns what work
// returned.
int background_run(const struct log *log, const char *what, int (*work)(void *arg), void *arg);

#endif
