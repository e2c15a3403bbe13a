// SPDX-License-Identifier: Apache-2.0
// The frame decoder: a stream of frames gives the same frames however it is cut, nothing is read behind it,
// and a frame has one encoding.
#include "proto/frame.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

// Decodes a copy that ends where the bytes end, so that a look behind them is seen.
static enum frame_result
decode(const uint8_t *data, size_t len, size_t max, struct frame *frame)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    enum frame_result result;

    assert(copy != NULL);
    memcpy(copy, data, len);
    result = frame_decode(copy, len, max, frame);
    free(copy);
    return result;
}

// Every shorter piece of a whole frame is a part of it, and tells the length as soon as it is there.
static void
check_pieces(const uint8_t *data, const struct frame *whole, size_t max)
{
    size_t len = whole->header_len + whole->payload_len;

    for (size_t cut = 0; cut < len; cut += cut < 16 ? 1 : 1 + cut / 2) {
        struct frame piece;

        assert(decode(data, cut, max, &piece) == FRAME_PARTIAL);
        assert(piece.payload_len == (cut < whole->header_len ? 0 : whole->payload_len));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t max = (size_t)fuzz_byte(&data, &size) << 4;

    for (;;) {
        uint8_t header[FRAME_HEADER_MAX];
        struct frame frame;
        enum frame_result result = decode(data, size, max, &frame);

        if (frame.header_len != 0) {
            assert(frame.header_len <= size && frame.payload_len <= UINT32_MAX);
            assert(frame_encode_header(header, frame.payload_len) == frame.header_len);
            assert(memcmp(header, data, frame.header_len) == 0);
            assert((result == FRAME_TOO_LARGE) == (frame.payload_len > max));
        }
        if (result != FRAME_WHOLE)
            return 0;
        assert(frame.payload_len <= size - frame.header_len);
        check_pieces(data, &frame, max);
        data += frame.header_len + frame.payload_len;
        size -= frame.header_len + frame.payload_len;
    }
}
