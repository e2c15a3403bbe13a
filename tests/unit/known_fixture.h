// SPDX-License-Identifier: Apache-2.0
// What protobuf-c has unpacked, without the fields that its messages do not know: what rpc/wire.h makes of
// the same bytes.
#ifndef TESTS_UNIT_KNOWN_FIXTURE_H
#define TESTS_UNIT_KNOWN_FIXTURE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

// Drops them in message and in all that it holds; their memory goes to nobody.
static inline void
known_only(ProtobufCMessage *message)
{
    message->n_unknown_fields = 0;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const char *at = (const char *)message + field->offset;
        const void *count = (const char *)message + field->quantifier_offset;

        if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            for (size_t k = 0; k < *(const size_t *)count; k++)
                known_only((*(ProtobufCMessage *const *const *)at)[k]);
        } else if (((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
                    *(const uint32_t *)count == field->id) &&
                   *(ProtobufCMessage *const *)at != NULL) {
            known_only(*(ProtobufCMessage *const *)at);
        }
    }
}

#endif
