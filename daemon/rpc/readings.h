// SPDX-License-Identifier: Apache-2.0
// Requests that take too long for a worker's loop, on their way to a reading thread: bounded in number, and
// no client can fill the queue alone. Workers push, reading threads take.
#ifndef RPC_READINGS_H
#define RPC_READINGS_H

#include "auth/role.h"
#include "base/attr.h"
#include "base/buf.h"
#include "work/mailbox.h"
#include <stddef.h>
#include <stdint.h>

// A request under way. One thread owns it at a time: the worker makes it, the queue hands it to a reading
// thread, a mailbox hands it back to the worker, which frees it. It names its connection by number, as that
// can be gone when it comes back.
struct reading {
    struct mail mail;         // first; MAIL_READING
    unsigned worker;          // who gets it back
    uint64_t connection;      // as that worker numbers it
    struct identity identity; // of the caller
    int64_t arrived_us;       // steady clock
    uint8_t *payload;         // the request's bytes, its own
    size_t len;
    struct buf out; // the answer as it is sent; empty when memory was too short for any
};

// With a copy of the payload. NULL when memory is short; reading_free(NULL) is safe.
struct reading *reading_new(const uint8_t *payload, size_t len) MUST_CHECK;
void reading_free(struct reading *reading);

struct readings;

// max from 1: how many wait at most; one client has half of the places, at least one. threads: how many take.
// NULL when memory is short. readings_free frees what waits; NULL is safe.
struct readings *readings_new(unsigned max, unsigned threads) MUST_CHECK;
void readings_free(struct readings *readings);

// Lets so many wait from now on; those that wait stay. Any thread.
void readings_resize(struct readings *readings, unsigned max);

#define READINGS_E_FULL   2 // all places are taken, or those of this client; counted
#define READINGS_E_CLOSED 3 // no more are taken

// 0 when the queue owns the reading now; else the caller still does. Where it is full, *retry_ms tells after
// how long a place is likely to be free.
int readings_push(struct readings *readings, struct reading *reading, uint32_t *retry_ms) MUST_CHECK;

// Drops what waits for this connection of this worker, which has gone.
void readings_forget(struct readings *readings, unsigned worker, uint64_t connection);

// Waits for a reading: the oldest, unless its client was the last that had its turn and another one waits.
// NULL when the queue is closed.
struct reading *readings_take(struct readings *readings);

// Says how long a reading took in its thread, in microseconds.
void readings_tell(struct readings *readings, int64_t took_us);

// Takes no more and gives none out. Any thread.
void readings_close(struct readings *readings);

struct readings_counts {
    unsigned waiting;
    uint64_t done, refused; // since the start
    int64_t longest_us;     // in a thread
};
struct readings_counts readings_count(struct readings *readings); // any thread

#endif
