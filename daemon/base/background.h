// SPDX-License-Identifier: Apache-2.0
// The priority of threads that do long work beside the workers. Any thread, for itself.
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

struct log;

enum background {
    // A tenth of what a worker gets when both want a core, in slices of some milliseconds. For work that
    // holds a snapshot all the time: with less, a busy core would keep it for seconds.
    BACKGROUND_SHARE,
    // What the others leave; whoever wakes goes first at once. For work that may take long on a busy machine.
    BACKGROUND_IDLE,
};

// Lets all others on the same core go first. Where that is not allowed the thread goes on as it was, and the
// log says so. what names the thread there.
void background_enter(enum background level, const struct log *log, const char *what);

#endif
