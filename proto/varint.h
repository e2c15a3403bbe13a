// SPDX-License-Identifier: Apache-2.0
// Base-128 varints of Protocol Buffers, for those that write the wire format by hand. Pure; any thread.
// Source: the encoding guide of Protocol Buffers, "Base 128 Varints" and "Message Structure".
#ifndef PROTO_VARINT_H
#define PROTO_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX 10u // bytes of a value of 64 bits

// Bytes that value takes: one for each seven bits, and one for 0.
static inline size_t
varint_size(uint64_t value)
{
    return (size_t)(63 - __builtin_clzll(value | 1)) / 7 + 1;
}

// Writes value at to and returns the place behind it.
static inline uint8_t *
varint_put(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

// The tag in front of a field that holds a varint, and of one that begins with its length (texts, bytes,
// messages, packed numbers).
static inline uint32_t
varint_tag_number(uint32_t field)
{
    return field << 3;
}

static inline uint32_t
varint_tag_bytes(uint32_t field)
{
    return field << 3 | 2;
}

#endif
