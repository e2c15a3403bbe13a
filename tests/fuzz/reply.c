// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/reply.h"
#include "base/fault.h"
#include "proto/frame.h"
#include "rpc/wire.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>

static void
check_status(const Kansen__V1__Status *status)
{
    if (status->code == CODE_INTERNAL || status->code == CODE_DATA_LOSS || status->code == CODE_UNAVAILABLE)
        fprintf(stderr, "status %d: %s: %s\n", status->code, status->field, status->message);
    assert(status->code >= CODE_OK && status->code <= CODE_UNAUTHENTICATED);
    assert(status->code != CODE_INTERNAL && status->code != CODE_DATA_LOSS &&
           status->code != CODE_UNAVAILABLE);
    assert(status->code == CODE_OK || status->message[0] != '\0');
}

Kansen__V1__Response *
reply_take(struct buf *out, struct arena *arena)
{
    struct wire_input input = {.desc = &kansen__v1__response__descriptor, .max_elements = SIZE_MAX};
    ProtobufCMessage *message = NULL;
    Kansen__V1__Response *response;
    struct frame frame;
    struct fault fault;

    if (buf_len(out) == 0)
        return NULL;
    assert(frame_decode(buf_bytes(out), buf_len(out), FRAME_DEFAULT_MAX, &frame) == FRAME_WHOLE);
    input.data = buf_bytes(out) + frame.header_len;
    input.len = frame.payload_len;
    assert(wire_unpack(&input, arena, &message, &fault) == 0);
    buf_consume(out, frame.header_len + frame.payload_len);
    response = (Kansen__V1__Response *)message;
    if (response->status != NULL)
        check_status(response->status);
    return response;
}
