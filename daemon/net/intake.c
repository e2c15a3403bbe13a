// SPDX-License-Identifier: Apache-2.0
// The words about frames that can not be read.
#include "net/intake.h"

enum frame_result
intake_next(const struct buf *in, size_t max_frame, struct frame *frame, struct fault *fault)
{
    enum frame_result result;

    if (buf_len(in) == 0)
        return FRAME_PARTIAL;
    result = frame_decode(buf_bytes(in), buf_len(in), max_frame, frame);
    if (result == FRAME_TOO_LARGE)
        fault_fill(fault, CODE_INVALID_ARGUMENT, "", "a frame takes at most %zu bytes, this one has %zu",
                   max_frame, frame->payload_len);
    else if (result != FRAME_WHOLE && result != FRAME_PARTIAL)
        fault_fill(fault, CODE_INVALID_ARGUMENT, "",
                   "this is no frame: a frame is a varint length of at most %u bytes and then a message",
                   FRAME_HEADER_MAX);
    return result;
}
