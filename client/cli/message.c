// SPDX-License-Identifier: Apache-2.0
// Offsets come from the descriptors that protoc-c generates.
#include "client/cli/message.h"
#include <assert.h>
#include <string.h>

static const ProtobufCFieldDescriptor *
field_of(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

    assert(field != NULL);
    return field;
}

ProtobufCMessage *
message_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);

    if (message != NULL)
        protobuf_c_message_init(descriptor, message);
    return message;
}

bool
message_has(const ProtobufCMessage *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name) != NULL;
}

static void
set(ProtobufCMessage *message, const char *name, const void *value, size_t size)
{
    memcpy((char *)message + field_of(message, name)->offset, value, size);
}

static void
get(const ProtobufCMessage *message, const char *name, void *value, size_t size)
{
    memcpy(value, (const char *)message + field_of(message, name)->offset, size);
}

void
message_set_u64(ProtobufCMessage *message, const char *name, uint64_t value)
{
    set(message, name, &value, sizeof value);
}

void
message_set_u32(ProtobufCMessage *message, const char *name, uint32_t value)
{
    set(message, name, &value, sizeof value);
}

void
message_set_text(ProtobufCMessage *message, const char *name, const char *text)
{
    set(message, name, &text, sizeof text);
}

void
message_set_bytes(ProtobufCMessage *message, const char *name, ProtobufCBinaryData bytes)
{
    set(message, name, &bytes, sizeof bytes);
}

uint64_t
message_u64(const ProtobufCMessage *message, const char *name)
{
    uint64_t value;

    get(message, name, &value, sizeof value);
    return value;
}

const char *
message_text(const ProtobufCMessage *message, const char *name)
{
    const char *text;

    get(message, name, &text, sizeof text);
    return text;
}

ProtobufCBinaryData
message_bytes(const ProtobufCMessage *message, const char *name)
{
    ProtobufCBinaryData bytes;

    get(message, name, &bytes, sizeof bytes);
    return bytes;
}

ProtobufCMessage *const *
message_list(const ProtobufCMessage *message, const char *name, size_t *count)
{
    ProtobufCMessage *const *list;

    get(message, name, &list, sizeof list);
    memcpy(count, (const char *)message + field_of(message, name)->quantifier_offset, sizeof *count);
    return list;
}
