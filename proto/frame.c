// SPDX-License-Identifier: Apache-2.0
// The varint in front of each message. Invariant: only the shortest form of a length is written and read, so
// that a frame has one encoding.
#include "proto/frame.h"
#include "proto/varint.h"
#include <assert.h>

#define LAST_BYTE_MAX 0x0fu // a fifth byte holds the upper four of 32 bits

enum frame_result
frame_decode(const uint8_t *data, size_t len, size_t max_payload, struct frame *out)
{
    uint32_t value = 0;
    size_t i = 0;

    *out = (struct frame){0, 0};
    for (;; i++) {
        if (i == len)
            return FRAME_PARTIAL;
        if (i == FRAME_HEADER_MAX - 1 && data[i] > LAST_BYTE_MAX)
            return FRAME_MALFORMED;
        value |= (uint32_t)(data[i] & 0x7fu) << (7 * i);
        if ((data[i] & 0x80u) == 0)
            break;
    }
    if (i > 0 && data[i] == 0)
        return FRAME_MALFORMED;
    *out = (struct frame){.header_len = i + 1, .payload_len = value};
    if (value > max_payload)
        return FRAME_TOO_LARGE;
    return len - out->header_len < value ? FRAME_PARTIAL : FRAME_WHOLE;
}

size_t
frame_encode_header(uint8_t out[FRAME_HEADER_MAX], size_t payload_len)
{
    assert(payload_len <= UINT32_MAX);
    return (size_t)(varint_put(out, payload_len) - out);
}
