// SPDX-License-Identifier: Apache-2.0
// Work in a process of its own, so that its death is an outcome: what reads a file that is mapped can die of
// a disk that fails (SIGBUS), and what reads a damaged one of whatever it is led to.
#ifndef BASE_APART_H
#define BASE_APART_H

#include "base/attr.h"

struct apart_end {
    int status; // what the work returned, 0..255, if signal is 0
    int signal; // what ended the process; 0 = it came to its end
};

// Runs work(arg) in a copy of this process and waits for its end. What it changes in memory is lost; what it
// has printed by stdio is flushed. It is killed when the calling thread ends. Where other threads run, it may
// call little more than what a signal handler may. 0 with *end set, or -errno when it could not be started.
int apart_run(int (*work)(void *arg), void *arg, struct apart_end *end) MUST_CHECK;

// The two halves of that: apart_start returns the process's number, or -errno.
int apart_start(int (*work)(void *arg), void *arg) MUST_CHECK;
int apart_wait(int pid, struct apart_end *end) MUST_CHECK;

// What a process died of, for a person: "Bus error".
const char *apart_signal_text(int signal);

#endif
