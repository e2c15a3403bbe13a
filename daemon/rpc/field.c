// SPDX-License-Identifier: Apache-2.0
// Invariant: an array of n elements, made here, has room for capacity(n) of them, so its size needs no place
// of its own.
#include "rpc/field.h"
#include <string.h>

#define LEAST_CAPACITY 4u

const struct field_type field_types[] = {
    [PROTOBUF_C_TYPE_INT32] = {PROTOBUF_C_WIRE_TYPE_VARINT, 4},
    [PROTOBUF_C_TYPE_SINT32] = {PROTOBUF_C_WIRE_TYPE_VARINT, 4},
    [PROTOBUF_C_TYPE_SFIXED32] = {PROTOBUF_C_WIRE_TYPE_32BIT, 4},
    [PROTOBUF_C_TYPE_INT64] = {PROTOBUF_C_WIRE_TYPE_VARINT, 8},
    [PROTOBUF_C_TYPE_SINT64] = {PROTOBUF_C_WIRE_TYPE_VARINT, 8},
    [PROTOBUF_C_TYPE_SFIXED64] = {PROTOBUF_C_WIRE_TYPE_64BIT, 8},
    [PROTOBUF_C_TYPE_UINT32] = {PROTOBUF_C_WIRE_TYPE_VARINT, 4},
    [PROTOBUF_C_TYPE_FIXED32] = {PROTOBUF_C_WIRE_TYPE_32BIT, 4},
    [PROTOBUF_C_TYPE_UINT64] = {PROTOBUF_C_WIRE_TYPE_VARINT, 8},
    [PROTOBUF_C_TYPE_FIXED64] = {PROTOBUF_C_WIRE_TYPE_64BIT, 8},
    [PROTOBUF_C_TYPE_FLOAT] = {PROTOBUF_C_WIRE_TYPE_32BIT, 4},
    [PROTOBUF_C_TYPE_DOUBLE] = {PROTOBUF_C_WIRE_TYPE_64BIT, 8},
    [PROTOBUF_C_TYPE_BOOL] = {PROTOBUF_C_WIRE_TYPE_VARINT, sizeof(protobuf_c_boolean)},
    [PROTOBUF_C_TYPE_ENUM] = {PROTOBUF_C_WIRE_TYPE_VARINT, 4},
    [PROTOBUF_C_TYPE_STRING] = {PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, sizeof(char *)},
    [PROTOBUF_C_TYPE_BYTES] = {PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, sizeof(ProtobufCBinaryData)},
    [PROTOBUF_C_TYPE_MESSAGE] = {PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, sizeof(ProtobufCMessage *)},
};

ProtobufCMessage *
field_new_message(struct arena *arena, const ProtobufCMessageDescriptor *desc)
{
    ProtobufCMessage *message = arena_take(arena, desc->sizeof_message);

    if (message != NULL)
        protobuf_c_message_init(desc, message);
    return message;
}

// ---- Arrays

static size_t
capacity(size_t n)
{
    if (n <= LEAST_CAPACITY)
        return n == 0 ? 0 : LEAST_CAPACITY;
    return (size_t)1 << (64 - __builtin_clzll(n - 1)); // the next power of two
}

// An array with room for more elements of so many bytes behind n that it has. NULL when memory is short.
static void *
with_room(struct arena *arena, void *array, size_t n, size_t more, size_t size)
{
    size_t room = capacity(n + more);
    void *larger;

    if (room == capacity(n))
        return array;
    larger = arena_take(arena, room * size);
    if (larger != NULL && n > 0)
        memcpy(larger, array, n * size);
    return larger;
}

void *
field_extend(struct arena *arena, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
             size_t count)
{
    size_t *n = field_member(message, field->quantifier_offset), before = *n;
    void **array = field_member(message, field->offset);
    size_t size = field_types[field->type].size;
    void *larger = with_room(arena, *array, before, count, size);

    if (larger == NULL)
        return NULL;
    *array = larger;
    *n += count;
    return (char *)larger + before * size;
}
