// SPDX-License-Identifier: Apache-2.0
// Traffic: requests sent over TCP and their answers timed, by one thread on one epoll. An answer is read as
// far as its id and whether it is OK; each wake-up of a connection costs one recv and one send. Faults of the
// network or the protocol end the program with a message: it is a tool of the bench.
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include "tests/bench/frames.h"
#include "tests/bench/histogram.h"
#include "tests/bench/link.h"
#include <stdbool.h>
#include <sys/types.h>

// One kind of traffic: who sends what, and how it fared.
struct traffic_kind {
    const struct frames *frames; // sent round robin; each connection starts elsewhere
    unsigned connections;
    unsigned depth; // requests in flight on each connection, at most
    // Seconds between two sends, over all connections. 0 = a request follows each answer.
    double interval;
    // With an interval: a send that is late does not put off those behind it, and times are taken from when a
    // request was due, so that nothing hides behind a stall. Without: the interval starts at each send.
    bool punctual;
    // Set by a run, of its window. A time is that from the send (or when it was due) to the read that
    // completed the answer.
    struct histogram times;
    uint64_t refused; // answers that were not OK; they count as answers too
    uint64_t bytes;   // of answers
    uint64_t drained; // answers after the window: to what was in flight at its end
};

struct traffic_run {
    const char *host;
    unsigned port;
    const char *token; // that Hello tells; "" = none
    const char *ca;    // of the daemon's certificate; NULL = plain
    pid_t daemon;      // whose CPU time is told; 0 = nobody's
    double warm_up;    // seconds before the window
    double seconds;    // the window's length; longer only while no answer has come
    uint64_t most;     // the window also ends with so many answers of the first kind; 0 = no matter how many
    uint64_t serial;   // the next serial number for frames with digits; goes on from run to run
    struct traffic_kind *kinds;
    size_t n_kinds;
    // Set by the run, of its window.
    double took;       // seconds
    double daemon_cpu; // seconds of CPU of the daemon
    double own_cpu;    // and of this program
};

// Connects, says hello, sends, measures, waits for what is still in flight (so that nothing of this run is
// left to do for the daemon in the next), disconnects.
void traffic_run(struct traffic_run *run);

// Connects and says hello, as the run says; the socket blocks.
struct link traffic_connect(const struct traffic_run *run);

#endif
