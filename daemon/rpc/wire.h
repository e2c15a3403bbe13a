// SPDX-License-Identifier: Apache-2.0
// From the bytes of a message to protobuf-c's structs. Its own unpacking would cut a text at a NUL, take
// invalid UTF-8 as it is, and allocate what a hostile frame asks for. Pure but for the arena; any thread.
#ifndef RPC_WIRE_H
#define RPC_WIRE_H

#include "base/attr.h"
#include "base/fault.h"
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define WIRE_DEPTH_MAX    16u    // messages in messages
#define WIRE_UNKNOWN_MAX  256u   // fields that this version does not know, in a frame
#define WIRE_ELEMENTS_MAX 1000u  // elements of a repeated field, unless more are allowed
#define WIRE_MEMORY_BASE  65536u // bytes that unpacking may take of memory,
#define WIRE_MEMORY_TIMES 32u    // and for each byte that is unpacked
#define WIRE_MALFORMED    2      // no well-formed message of this kind

// Bytes of a message of desc, and how many elements a repeated field in it may have.
struct wire_input {
    const ProtobufCMessageDescriptor *desc;
    const uint8_t *data;
    size_t len;
    size_t max_elements;
    const ProtobufCFieldDescriptor *unbounded; // one of numbers that may be as many as fit; NULL = none
};

// Unpacks into arena as protobuf-c would, and checks on the way: every tag, length and wire type (groups are
// refused, unknown fields are dropped, up to WIRE_UNKNOWN_MAX), every text (valid UTF-8 without NUL), the
// depth, and at most max_elements in each repeated field but the unbounded one. The arena's blocks grow by
// WIRE_MEMORY_BASE and WIRE_MEMORY_TIMES input->len bytes at most, whatever its cap: the smallest write that
// says something takes about 14 bytes for each of its own, messages within messages that say nothing take 80.
// 0; WIRE_MALFORMED with a message and no field; FAULT with the path of the field, in which the steps through
// a oneof of messages are left out, as in "partner.accreditations" or "writes[3].offer.title"; or -ENOMEM
// when that, the arena's cap or memory is reached.
int wire_unpack(const struct wire_input *input, struct arena *arena, ProtobufCMessage **out,
                struct fault *fault) MUST_CHECK;

// What a look at the outermost fields of a request tells.
struct wire_peek {
    uint64_t id;   // varint in field WIRE_ID_FIELD, 0 if it is not there
    uint32_t body; // number of the last field that belongs to a oneof, the one that wins; 0 if there is none
    uint32_t unknown; // number of the last field that desc does not know, 0 if there is none
};
#define WIRE_ID_FIELD 1u

// Looks at the outermost fields, without a look inside. Stops without a word at bytes that are not
// well-formed.
void wire_peek(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len,
               struct wire_peek *out);

#endif
