// SPDX-License-Identifier: Apache-2.0
// Everything of one call lies in one arena. Invariant: a message is valid for protobuf-c all the time (no
// NULL in a text or a message that it expects), so it can be packed at any moment.
#include "tests/fuzz/mutate.h"
#include "base/arena.h"
#include "tests/bench/dice.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/words.h"
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX   ((size_t)64 << 20) // bytes of a call
#define ELEMENTS_MAX 1200u              // of a repeated field: above what a request may have
#define DEPTH_MAX    6u
#define TEXT_MAX     6000u

static uint32_t
below(struct mutation *mutation, uint32_t n)
{
    return dice_below(&mutation->dice, n);
}

static void *
take(struct mutation *mutation, size_t size)
{
    void *memory = arena_alloc(mutation->arena, size == 0 ? 1 : size);

    assert(memory != NULL);
    return memory;
}

static void mutate_fields(struct mutation *mutation, ProtobufCMessage *message, unsigned depth);

// ---- Values

static uint64_t
change_number(struct mutation *mutation, uint64_t old)
{
    static const uint64_t bounds[] = {0,
                                      1,
                                      100,
                                      127,
                                      1000,
                                      1024,
                                      9999,
                                      10000,
                                      65535,
                                      65536,
                                      100000000,
                                      500000,
                                      INT32_MAX,
                                      UINT32_MAX,
                                      INT64_MAX,
                                      UINT64_MAX,
                                      (uint64_t)INT64_MIN,
                                      (uint64_t)INT32_MIN};

    switch (below(mutation, 6)) {
    case 0:
        return DICE_PICK(&mutation->dice, bounds);
    case 1:
        return old + below(mutation, 17) - 8;
    case 2:
        return old ^ UINT64_C(1) << below(mutation, 64);
    case 3:
        return below(mutation, 256);
    case 4:
        return DICE_PICK(&mutation->dice, words_numbers);
    default: // ids that exist
        return below(mutation, 24);
    }
}

static uint32_t
change_enum(struct mutation *mutation, const ProtobufCEnumDescriptor *kind)
{
    if (below(mutation, 8) == 0)
        return (uint32_t)change_number(mutation, kind->n_values);
    return (uint32_t)kind->values[below(mutation, kind->n_values)].value;
}

static uint64_t
change_double(struct mutation *mutation, uint64_t old)
{
    static const double odd[] = {
        0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 4.9e-324, __builtin_nan(""), __builtin_inf()};
    uint64_t bits = old;

    if (below(mutation, 2) == 0)
        memcpy(&bits, &DICE_PICK(&mutation->dice, odd), sizeof bits);
    else
        bits ^= UINT64_C(1) << below(mutation, 64);
    return bits;
}

// A text of any length that repeats one that is there.
static char *
make_long(struct mutation *mutation, const char *old)
{
    size_t len = 1 + below(mutation, below(mutation, 8) == 0 ? TEXT_MAX : 300), part = strlen(old);
    char *text = take(mutation, len + 1);

    for (size_t i = 0; i < len; i++)
        text[i] = part == 0 ? 'x' : old[i % part];
    return text;
}

// libFuzzer's mutations, its dictionary among them; a NUL would only cut the text.
static char *
make_odd(struct mutation *mutation, const char *old)
{
    size_t len = strnlen(old, 250), used = 0;
    uint8_t *text = take(mutation, 256);

    memcpy(text, old, len);
    len = LLVMFuzzerMutate(text, len, 255);
    for (size_t i = 0; i < len; i++)
        if (text[i] != 0)
            text[used++] = text[i];
    text[used] = 0;
    return (char *)text;
}

static char *
change_text(struct mutation *mutation, const char *name, const char *old)
{
    static const char *const pieces[] = {"\xff",
                                         "\xc3",
                                         "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80",
                                         "\xc3\xa9",
                                         "e\xcc\x81",
                                         "\xe2\x80\xae",
                                         "\n",
                                         "\"",
                                         ".",
                                         ";",
                                         "\xef\xbb\xbf"};
    const char *word;

    switch (below(mutation, 10)) {
    case 0:
        return (char *)protobuf_c_empty_string;
    case 1:
        return make_long(mutation, old);
    case 2:
        return make_odd(mutation, old);
    case 3:
        word = arena_printf(mutation->arena, "%s%s", old, DICE_PICK(&mutation->dice, pieces));
        break;
    case 4:
        word = words_any(below(mutation, UINT16_MAX));
        break;
    default:
        word = words_for(name, below(mutation, UINT16_MAX));
        break;
    }
    assert(word != NULL);
    return (char *)word;
}

static ProtobufCBinaryData
change_bytes(struct mutation *mutation, ProtobufCBinaryData old)
{
    ProtobufCBinaryData out = {.data = take(mutation, 2048)};

    if (below(mutation, 8) == 0)
        return out; // empty
    out.len = old.len < 1024 ? old.len : 1024;
    if (out.len != 0)
        memcpy(out.data, old.data, out.len);
    out.len = LLVMFuzzerMutate(out.data, out.len, 2048);
    return out;
}

static ProtobufCMessage *
make_message(struct mutation *mutation, const ProtobufCMessageDescriptor *kind)
{
    ProtobufCMessage *message = take(mutation, kind->sizeof_message);

    protobuf_c_message_init(kind, message);
    return message;
}

// Changes the value of a field, or of an element of it, at `at`.
static void
change_value(struct mutation *mutation, const ProtobufCFieldDescriptor *field, void *at, unsigned depth)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = change_text(mutation, field->name, *(char **)at == NULL ? "" : *(char **)at);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)at = change_bytes(mutation, *(ProtobufCBinaryData *)at);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (*(ProtobufCMessage **)at == NULL)
            *(ProtobufCMessage **)at = make_message(mutation, field->descriptor);
        if (depth < DEPTH_MAX)
            mutate_fields(mutation, *(ProtobufCMessage **)at, depth + 1);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at ^= 1;
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(uint32_t *)at = change_enum(mutation, field->descriptor);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(uint64_t *)at = change_double(mutation, *(uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *(uint64_t *)at = change_number(mutation, *(uint64_t *)at);
        break;
    default:
        *(uint32_t *)at = (uint32_t)change_number(mutation, *(uint32_t *)at);
        break;
    }
}

static size_t
size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    default:
        return 4;
    }
}

// ---- Fields

// Repeats one of n elements until there are many; returns how many there are.
static size_t
repeat(struct mutation *mutation, uint8_t *elements, size_t n, size_t size)
{
    size_t wanted = n + 1 + below(mutation, below(mutation, 16) == 0 ? ELEMENTS_MAX : 24);
    size_t source = below(mutation, (uint32_t)n);

    if (wanted > ELEMENTS_MAX)
        wanted = ELEMENTS_MAX;
    for (; n < wanted; n++)
        memcpy(elements + n * size, elements + source * size, size);
    return n;
}

static void
change_repeated(struct mutation *mutation, const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
                unsigned depth)
{
    size_t *n = (size_t *)((uint8_t *)message + field->quantifier_offset), size = size_of(field->type);
    void **list = (void **)((uint8_t *)message + field->offset);
    uint8_t *elements = take(mutation, (*n + ELEMENTS_MAX) * size);
    uint32_t what = below(mutation, 16);

    if (*n > 0)
        memcpy(elements, *list, *n * size);
    if (*n > 0 && what < 3) { // drop
        size_t place = below(mutation, (uint32_t)*n);

        memmove(elements + place * size, elements + (place + 1) * size, (*n - place - 1) * size);
        --*n;
    } else if (*n > 0 && what < 9) {
        change_value(mutation, field, elements + below(mutation, (uint32_t)*n) * size, depth);
    } else if (*n > 0 && *n < ELEMENTS_MAX && what < 10) {
        *n = repeat(mutation, elements, *n, size);
    } else { // add
        if (field->type == PROTOBUF_C_TYPE_STRING)
            *(const char **)(elements + *n * size) = protobuf_c_empty_string;
        change_value(mutation, field, elements + *n * size, depth);
        ++*n;
    }
    *list = elements;
}

static void
change_field(struct mutation *mutation, const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
             unsigned depth)
{
    uint8_t *at = (uint8_t *)message + field->offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        change_repeated(mutation, field, message, depth);
        return;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t *which = (uint32_t *)((uint8_t *)message + field->quantifier_offset);

        if (*which != field->id) {
            memset(at, 0, size_of(field->type));
            if (field->type == PROTOBUF_C_TYPE_STRING)
                *(const char **)at = protobuf_c_empty_string;
        }
        *which = field->id;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 &&
        below(mutation, 8) == 0)
        *(void **)at = NULL;
    else
        change_value(mutation, field, at, depth);
}

// The field of a message to change: of oneofs mostly the one that is set, as the others lose what is there.
static const ProtobufCFieldDescriptor *
pick_field(struct mutation *mutation, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *kind = message->descriptor;
    const ProtobufCFieldDescriptor *field = &kind->fields[below(mutation, kind->n_fields)];

    for (int tries = 0; tries < 64; tries++) {
        const uint32_t *which = (const uint32_t *)((const uint8_t *)message + field->quantifier_offset);

        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 || *which == field->id || *which == 0 ||
            below(mutation, 32) == 0)
            break;
        field = &kind->fields[below(mutation, kind->n_fields)];
    }
    return field;
}

static void
mutate_fields(struct mutation *mutation, ProtobufCMessage *message, unsigned depth)
{
    if (message->descriptor->n_fields > 0)
        change_field(mutation, pick_field(mutation, message), message, depth);
}

void
mutate_some(struct mutation *mutation, ProtobufCMessage *message)
{
    // The outermost fields are few, what is interesting lies inside.
    for (uint32_t left = 1 + below(mutation, 4); left > 0; left--)
        mutate_fields(mutation, message, 0);
}

// ---- One message

struct mutation
mutate_begin(unsigned seed)
{
    struct mutation mutation = {.arena = arena_new(MEMORY_MAX), .dice = dice_new(seed, 0)};

    assert(mutation.arena != NULL);
    return mutation;
}

size_t
mutate_message(const ProtobufCMessageDescriptor *desc, uint8_t *data, size_t size, size_t max, unsigned seed)
{
    struct mutation mutation = mutate_begin(seed);
    ProtobufCMessage *message = NULL;
    size_t packed = SIZE_MAX;

    if (below(&mutation, 8) != 0)
        message = protobuf_c_message_unpack(desc, arena_allocator(mutation.arena), size, data);
    if (message != NULL) {
        mutate_some(&mutation, message);
        packed = protobuf_c_message_get_packed_size(message);
    }
    if (packed <= max)
        protobuf_c_message_pack(message, data);
    arena_free(mutation.arena);
    return packed <= max ? packed : LLVMFuzzerMutate(data, size, max);
}
