// SPDX-License-Identifier: Apache-2.0
// Members of messages by name, for what is the same in several messages (id, source, cursor...). A name that
// a message does not have is a bug of ours. Pure; any thread.
#ifndef CLIENT_CLI_MESSAGE_H
#define CLIENT_CLI_MESSAGE_H

#include "base/arena.h"
#include "base/attr.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

// An empty message in the arena's memory, or NULL.
ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena) MUST_CHECK;

bool message_has(const ProtobufCMessage *message, const char *name);

// Members: uint64 or int64, uint32 or an enum, a string, bytes.
void message_set_u64(ProtobufCMessage *message, const char *name, uint64_t value);
void message_set_u32(ProtobufCMessage *message, const char *name, uint32_t value);
void message_set_text(ProtobufCMessage *message, const char *name, const char *text);
void message_set_bytes(ProtobufCMessage *message, const char *name, ProtobufCBinaryData bytes);
uint64_t message_u64(const ProtobufCMessage *message, const char *name);
const char *message_text(const ProtobufCMessage *message, const char *name);
ProtobufCBinaryData message_bytes(const ProtobufCMessage *message, const char *name);

// The messages of a repeated member and their count.
ProtobufCMessage *const *message_list(const ProtobufCMessage *message, const char *name, size_t *count);

#endif
