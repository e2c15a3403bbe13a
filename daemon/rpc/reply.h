// SPDX-License-Identifier: Apache-2.0
// Answers as frames. The answer goes behind what the buffer holds, whole or not at all.
#ifndef RPC_REPLY_H
#define RPC_REPLY_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include <kansen/v1/protocol.pb-c.h>

struct call;

// Adds a response as it is. An answer above max_frame bytes becomes RESOURCE_EXHAUSTED. 0 or -ENOMEM.
int reply_response(struct buf *out, size_t max_frame, const Kansen__V1__Response *response) MUST_CHECK;

// The same; sets *told to the code of that fault, and leaves it where the response fits.
int reply_told(struct buf *out, size_t max_frame, const Kansen__V1__Response *response,
               enum code *told) MUST_CHECK;

// For a handler that encodes its answer itself, once in a call: adds the answer to call->out up to its body,
// which is the last field, and sets *to to the place of the body's size bytes, all of which the handler
// writes before it adds anything else. body: number of the field in Response. 0; FAULT with
// RESOURCE_EXHAUSTED when the answer is above the frame's limit; or STORE_FAULT_MEMORY.
int reply_begin(struct call *call, uint32_t body, size_t size, uint8_t **to) MUST_CHECK;

// Adds a response that tells a fault and has no body. 0 or -ENOMEM.
int reply_fault(struct buf *out, uint64_t id, const struct fault *fault) MUST_CHECK;

// Makes status say the fault; its texts are the fault's own.
void reply_status(Kansen__V1__Status *status, const struct fault *fault);

#endif
