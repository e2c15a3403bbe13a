// SPDX-License-Identifier: Apache-2.0
// The unpacking of requests, held against protobuf-c's own: what is let in has the same meaning there, and
// every refusal says why.
#include "base/arena.h"
#include "rpc/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"
#include "tests/unit/known_fixture.h"
#include <errno.h>
#include <kansen/v1/protocol.pb-c.h>
#include <string.h>

#define FIELDS_MAX 256u
#define MEMORY_MAX ((size_t)16 << 20) // bytes

static const ProtobufCMessageDescriptor *const kind = &kansen__v1__request__descriptor;

// Packs into arena; sets *len.
static uint8_t *
pack(struct arena *arena, const ProtobufCMessage *message, size_t *len)
{
    uint8_t *bytes = arena_alloc(arena, protobuf_c_message_get_packed_size(message) + 1);

    assert(bytes != NULL);
    *len = protobuf_c_message_pack(message, bytes);
    return bytes;
}

static const uint8_t *
varint(const uint8_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0;; shift += 7) {
        *value |= (uint64_t)(*at & 0x7f) << shift;
        if ((*at++ & 0x80) == 0)
            return at;
    }
}

// Whether a message somewhere in these bytes, which are well-formed, comes in two parts. Such parts are added
// to each other; protobuf-c 1.4 refuses some, and loses numbers and empty bytes of others.
static bool
in_parts(const ProtobufCMessageDescriptor *desc, const uint8_t *at, const uint8_t *end)
{
    bool seen[FIELDS_MAX] = {0};
    uint64_t tag, value;

    assert(desc->n_fields <= FIELDS_MAX);
    while (at < end) {
        const ProtobufCFieldDescriptor *field;

        at = varint(at, &tag);
        if ((tag & 7) == PROTOBUF_C_WIRE_TYPE_64BIT || (tag & 7) == PROTOBUF_C_WIRE_TYPE_32BIT) {
            at += (tag & 7) == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4;
            continue;
        }
        at = varint(at, &value);
        if ((tag & 7) != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        field = protobuf_c_message_descriptor_get_field(desc, (unsigned)(tag >> 3));
        if (field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            bool *was = &seen[field - desc->fields];

            if (field->label != PROTOBUF_C_LABEL_REPEATED &&
                (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 && *was)
                return true;
            *was = true;
            if (in_parts(field->descriptor, at, at + value))
                return true;
        }
        at += value;
    }
    return false;
}

static void
compare(struct arena *arena, const uint8_t *data, size_t size, const ProtobufCMessage *ours,
        const struct wire_peek *peek)
{
    ProtobufCMessage *theirs = protobuf_c_message_unpack(kind, arena_allocator(arena), size, data);
    const Kansen__V1__Request *request = (const Kansen__V1__Request *)ours;
    size_t ours_len, theirs_len;
    const uint8_t *ours_bytes, *theirs_bytes;

    assert(protobuf_c_message_check(ours));
    ours_bytes = pack(arena, ours, &ours_len);
    if (in_parts(kind, data, data + size))
        theirs = protobuf_c_message_unpack(kind, arena_allocator(arena), ours_len, ours_bytes);
    assert(theirs != NULL);
    known_only(theirs); // ours keeps none
    theirs_bytes = pack(arena, theirs, &theirs_len);
    assert(ours_len == theirs_len && memcmp(ours_bytes, theirs_bytes, ours_len) == 0);
    assert(peek->id == request->id && peek->body == (uint32_t)request->body_case);
}

// The field that may be as long as the frame, as the daemon has it.
static const ProtobufCFieldDescriptor *
unbounded(void)
{
    return protobuf_c_message_descriptor_get_field_by_name(&kansen__v1__submit_round_list__descriptor,
                                                           "offers");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_input input = {kind, data, size, WIRE_ELEMENTS_MAX, unbounded()};
    struct arena *arena = arena_new(MEMORY_MAX);
    ProtobufCMessage *message = NULL;
    struct wire_peek peek;
    struct fault fault = {0};
    int rc;

    assert(arena != NULL);
    wire_peek(kind, data, size, &peek);
    rc = wire_unpack(&input, arena, &message, &fault);
    assert(rc == 0 || rc == FAULT || rc == WIRE_MALFORMED || rc == -ENOMEM);
    if (rc == 0)
        compare(arena, data, size, message, &peek);
    else if (rc != -ENOMEM)
        assert(fault.message[0] != '\0' && (rc == FAULT) == (fault.field[0] != '\0'));
    arena_free(arena);
    return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    return mutate_message(kind, data, size, max, seed);
}
