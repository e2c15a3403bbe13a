// SPDX-License-Identifier: Apache-2.0
// Connections whose handshake of TLS can go on. A step of one takes a worker as long as many requests do, so
// they come last in a turn of the loop, in the order in which they came: those who have a session wait for
// one step, or for a quarter of the time that they themselves have taken in that turn. One thread.
#ifndef NET_HANDSHAKES_H
#define NET_HANDSHAKES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;
struct counters;

// A connection's side: all zero but for the pointer, which the connection sets.
struct shaker {
    struct conn *conn;
    bool listed;
    TAILQ_ENTRY(shaker) entry;
};

TAILQ_HEAD(handshakes, shaker);

void handshakes_init(struct handshakes *handshakes);

// Adds a connection at the end unless it is in already.
void handshakes_add(struct handshakes *handshakes, struct shaker *shaker);

// Takes a connection out if it is in.
void handshakes_leave(struct handshakes *handshakes, struct shaker *shaker);

// Whether none waits.
bool handshakes_is_empty(const struct handshakes *handshakes);

// Takes the first ones out and calls act, which may free that connection: one at least, and more until they
// have taken a quarter of the time since turn_us (steady clock), when the turn began. Counts a turn that
// leaves others waiting.
void handshakes_turn(struct handshakes *handshakes, int64_t turn_us, struct counters *counters,
                     void (*act)(struct conn *conn));

#endif
