// SPDX-License-Identifier: Apache-2.0
// How long to wait before the next try: exponential back-off with full jitter, so that a thousand clients of
// a daemon that restarts do not come back at the same moment. Pure: time and chance are the caller's; any
// thread. Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#ifndef CLIENT_LIB_KANSEN_BACKOFF_H
#define CLIENT_LIB_KANSEN_BACKOFF_H

#include <stdint.h>

struct kansen_backoff {
    uint32_t first_ms; // bound of the first wait, at least 1
    uint32_t most_ms;  // bound of any wait, at least first_ms
    unsigned tries;    // waits since the last success
};

// The next wait in milliseconds: evenly spread over 0..min(most_ms, first_ms * 2^tries), by random, of which
// all 64 bits are even. Counts the try.
uint32_t kansen_backoff_next(struct kansen_backoff *backoff, uint64_t random);

// A try succeeded.
void kansen_backoff_reset(struct kansen_backoff *backoff);

#endif
