// SPDX-License-Identifier: Apache-2.0
// Frames: protobuf's length-delimited form, a base-128 varint length and then the message. Pure; no I/O, no
// memory of its own; any thread. Source: the encoding guide of Protocol Buffers, "Base 128 Varints".
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER_MAX  5u         // bytes of a length up to 2^32 - 1
#define FRAME_DEFAULT_MAX (1u << 20) // bytes of a payload, unless configured otherwise

enum frame_result {
    FRAME_WHOLE = 0, // a whole frame is there
    FRAME_PARTIAL,   // well so far, more bytes are needed
    FRAME_TOO_LARGE, // the length is above the limit
    FRAME_MALFORMED, // the length is no varint of at most FRAME_HEADER_MAX bytes, or not the shortest form
};

struct frame {
    size_t header_len;  // bytes of the length
    size_t payload_len; // bytes of the message behind it; set as soon as the header is whole
};

// Looks at the first len bytes of data for a frame of at most max_payload bytes. With FRAME_WHOLE the message
// is at data + header_len; with FRAME_PARTIAL or FRAME_TOO_LARGE the fields of out are set once the header is
// known, else 0.
enum frame_result frame_decode(const uint8_t *data, size_t len, size_t max_payload, struct frame *out);

// Writes the header for a payload of payload_len bytes (at most 2^32 - 1) to out; returns its length.
size_t frame_encode_header(uint8_t out[FRAME_HEADER_MAX], size_t payload_len);

#endif
