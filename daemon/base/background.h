// SPDX-License-Identifier: Apache-2.0
// The priority of threads that do long work beside the workers. Any thread, for itself.
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

struct log;

// Gives the calling thread a tenth of what a worker gets where both want a core, so that what holds a
// snapshot or a lock always goes on, and slices of 0.1 ms, so that a worker that wakes need not wait for its
// core. Linux takes slices from 6.12 on; older ones let who wakes go first as they see fit. Where this is not
// allowed the thread goes on as it was, and the log says so. what names the thread there.
void background_enter(const struct log *log, const char *what);

#endif
