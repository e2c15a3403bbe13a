// SPDX-License-Identifier: Apache-2.0
// The metrics: one table says of each what it is called, its type, its help and where its value comes from.
// The manual kansend(8) lists them, and a test holds the two against each other. The main thread.
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

struct evbuffer;
struct service;

// What is not known to the service. Times are microseconds since 1970.
struct metrics_source {
    struct service *service;
    int64_t started_us;     // of the daemon
    int64_t certificate_us; // until when that of the listeners is good; 0 = there is none
    bool alive;             // all threads answer
};

// Writes all metrics as of now. Takes about a millisecond and waits for nothing but short locks. 0 or
// -ENOMEM.
int metrics_write(const struct metrics_source *source, struct evbuffer *out) MUST_CHECK;

#endif
