// SPDX-License-Identifier: Apache-2.0
// What all operations need: versions, comparison, outcome.
#include "work/change.h"
#include <string.h>

int
change_missing(struct change *change, const char *field)
{
    return fault_set(change->fault, CODE_INVALID_ARGUMENT, field, "%s is missing", field);
}

int
change_version(struct change *change, const char *field, uint64_t version, uint64_t stored, bool any_allowed)
{
    if (version == stored || (version == 0 && any_allowed))
        return 0;
    if (version == 0)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                         "version is missing; a replacement names the version that it is based on, now %llu",
                         (unsigned long long)stored);
    return fault_set(change->fault, CODE_ABORTED, field,
                     "the change is based on version %llu, but version %llu is stored; read it again",
                     (unsigned long long)version, (unsigned long long)stored);
}

int
change_same(struct change *change, const ProtobufCMessage *a, const ProtobufCMessage *b, bool *same)
{
    size_t len = protobuf_c_message_get_packed_size(a);
    uint8_t *bytes;

    *same = false;
    if (len != protobuf_c_message_get_packed_size(b))
        return 0;
    bytes = arena_alloc(change->arena, 2 * len);
    if (bytes == NULL)
        return STORE_FAULT_MEMORY;
    protobuf_c_message_pack(a, bytes);
    protobuf_c_message_pack(b, bytes + len);
    *same = memcmp(bytes, bytes + len, len) == 0;
    return 0;
}

void
change_done(struct change *change, Kansen__V1__Outcome outcome, uint64_t id, uint64_t version)
{
    change->outcome = outcome;
    change->id = id;
    change->version = version;
}
