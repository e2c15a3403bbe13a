// SPDX-License-Identifier: Apache-2.0
// The members of protobuf-c's structs by their descriptors: where a value that was read from the wire goes.
// Fields are proto3's: singular, in a oneof, or repeated. Nothing is checked here. Pure but for the arena;
// any thread.
#ifndef RPC_FIELD_H
#define RPC_FIELD_H

#include "base/arena.h"
#include "base/attr.h"
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// By ProtobufCType: the wire type of a single value, and its bytes in a struct or an array.
struct field_type {
    uint8_t wire_type, size;
};
extern const struct field_type field_types[];

// The field with this number; NULL if there is none. Numbers that follow one another form a range, and
// messages have one range or few, so that looking at each is quicker than the search that protobuf-c has for
// it.
static inline const ProtobufCFieldDescriptor *
field_find(const ProtobufCMessageDescriptor *desc, uint32_t number)
{
    for (unsigned i = 0; i < desc->n_field_ranges; i++) {
        const ProtobufCIntRange *range = &desc->field_ranges[i]; // the last one is followed by an end
        uint32_t offset = number - (uint32_t)range->start_value;

        if (offset < range[1].orig_index - range->orig_index)
            return desc->fields + range->orig_index + offset;
    }
    return NULL;
}

// A new message with all fields at their defaults. NULL when memory is short.
ProtobufCMessage *field_new_message(struct arena *arena, const ProtobufCMessageDescriptor *desc) MUST_CHECK;

static inline void *
field_member(ProtobufCMessage *message, size_t offset)
{
    return (char *)message + offset;
}

// The place of a singular field. One in a oneof becomes its case; what is there then is of no meaning.
static inline void *
field_single(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        *(uint32_t *)field_member(message, field->quantifier_offset) = field->id;
    return field_member(message, field->offset);
}

// Elements of a repeated field.
static inline size_t
field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return *(const size_t *)((const char *)message + field->quantifier_offset);
}

// The place of the first of count more elements, with any content. NULL when memory is short.
void *field_extend(struct arena *arena, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                   size_t count) MUST_CHECK;

// Writes a number, as the wire has it, to the place of a field or element of a scalar type; returns the place
// of the next element.
static inline void *
field_put_number(void *place, ProtobufCType type, uint64_t wire)
{
    uint32_t half = (uint32_t)wire;

    if (type == PROTOBUF_C_TYPE_SINT32) // has its sign in the lowest bit, as sint64
        half = half >> 1 ^ (0 - (half & 1));
    else if (type == PROTOBUF_C_TYPE_SINT64)
        wire = wire >> 1 ^ (0 - (wire & 1));
    else if (type == PROTOBUF_C_TYPE_BOOL)
        half = wire != 0;
    if (field_types[type].size == sizeof wire)
        memcpy(place, &wire, sizeof wire);
    else
        memcpy(place, &half, sizeof half);
    return (char *)place + field_types[type].size;
}

#endif
