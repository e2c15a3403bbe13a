// SPDX-License-Identifier: Apache-2.0
// What the library itself needs of the core beside kansen.h: requests that are packed once and may be sent on
// several connections. One owner at a time.
#ifndef CLIENT_LIB_KANSEN_CORE_H
#define CLIENT_LIB_KANSEN_CORE_H

#include <kansen/v1/protocol.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kansen_core;

struct kansen_core_packed {
    uint64_t id;          // none that is in flight, not 0
    uint32_t deadline_ms; // 0 = none
    const uint8_t *data;  // the request without id and deadline_ms
    size_t len;
    bool watch;
};

// Queues a packed request. 0, KANSEN_E_TOO_LARGE or -ENOMEM; then nothing was queued.
int kansen_core_queue(struct kansen_core *core, const struct kansen_core_packed *packed);

// Whether kansen_core_queue would find it too large.
bool kansen_core_fits(const struct kansen_core *core, const struct kansen_core_packed *packed);

// Requests in flight that are no watches: an answer to them is to be expected.
size_t kansen_core_asked(const struct kansen_core *core);

// Forgets all bytes and all that is in flight, for a new connection, whose frames have at most max_frame
// bytes.
void kansen_core_reset(struct kansen_core *core, size_t max_frame);

// Whether a request may be answered any number of times, until one answer is the last: a watch, or a backup.
bool kansen_core_is_watch(const Kansen__V1__Request *request);

#endif
