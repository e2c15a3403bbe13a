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

// Writes all metrics as of now. started_us: when the daemon started, since 1970; alive: whether all threads
// answer. Takes about a millisecond and waits for nothing but short locks. 0 or -ENOMEM.
int metrics_write(struct service *service, int64_t started_us, bool alive, struct evbuffer *out) MUST_CHECK;

#endif
