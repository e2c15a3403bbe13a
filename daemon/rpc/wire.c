// SPDX-License-Identifier: Apache-2.0
// One walk over the wire format (the encoding guide of Protocol Buffers), led by protobuf-c's descriptors,
// that checks each value and puts it where protobuf-c would. The recursion is as deep as the schema at most,
// as unknown fields are skipped whole. Invariant: what is taken of the arena is bounded by the frame, by
// max_elements and by the arena's cap, which is lowered for as long as it takes.
#include "rpc/wire.h"
#include "base/arena.h"
#include "proto/utf8.h"
#include "rpc/field.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX       536870911u // greatest field number
#define LENGTH_BYTES_MAX 5          // of a tag or a length

static const char empty_text[] = "";

struct bytes { // what is left to read
    const uint8_t *at, *end;
};

struct path { // from the innermost field outwards
    const struct path *outer;
    const ProtobufCFieldDescriptor *field;
    size_t index;
};

struct reading {
    size_t max_elements;
    const ProtobufCFieldDescriptor *unbounded;
    unsigned unknown; // fields so far
    struct arena *arena;
    struct fault *fault;
};

struct tag {
    uint32_t number;
    unsigned wire_type;
};

struct value {
    uint64_t number;      // of a varint or of fixed bytes
    struct bytes content; // what a length counts
};

static int read_message(struct reading *reading, ProtobufCMessage *message, struct bytes in,
                        const struct path *outer, unsigned depth);

// ---- Bytes: each returns the place behind what it has read, NULL if there is no such thing before end

static const uint8_t *
read_long_varint(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 70 && at < end; shift += 7) {
        uint8_t byte = *at++;

        value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            *out = value;
            return at;
        }
    }
    return NULL;
}

static inline const uint8_t *
read_varint(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
    if (at == end || *at >= 0x80)
        return read_long_varint(at, end, out);
    *out = *at; // most are that short
    return at + 1;
}

static inline const uint8_t *
read_tag(const uint8_t *at, const uint8_t *end, struct tag *out)
{
    uint64_t value;
    const uint8_t *behind = read_varint(at, end, &value);

    if (behind == NULL || behind - at > LENGTH_BYTES_MAX || value >> 3 == 0 || value >> 3 > NUMBER_MAX)
        return NULL;
    *out = (struct tag){(uint32_t)(value >> 3), value & 7};
    return behind;
}

// Fixed bytes have the lowest first.
static const uint8_t *
read_fixed(const uint8_t *at, const uint8_t *end, unsigned count, uint64_t *out)
{
    if (count > end - at)
        return NULL;
    *out = 0;
    for (unsigned i = 0; i < count; i++)
        *out |= (uint64_t)at[i] << (8 * i);
    return at + count;
}

static inline const uint8_t *
read_content(const uint8_t *at, const uint8_t *end, struct bytes *out)
{
    uint64_t len;
    const uint8_t *start = read_varint(at, end, &len);

    if (start == NULL || start - at > LENGTH_BYTES_MAX || len > (uint64_t)(end - start))
        return NULL;
    *out = (struct bytes){start, start + len};
    return start + len;
}

static inline const uint8_t *
read_value(const uint8_t *at, const uint8_t *end, unsigned wire_type, struct value *out)
{
    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return read_varint(at, end, &out->number);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        return read_content(at, end, &out->content);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return read_fixed(at, end, 8, &out->number);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return read_fixed(at, end, 4, &out->number);
    default: // groups, and what is no wire type
        return NULL;
    }
}

// ---- Faults

static int
malformed(struct reading *reading, const char *why)
{
    fault_fill(reading->fault, CODE_INVALID_ARGUMENT, "", "the frame is no well-formed request: %s", why);
    return WIRE_MALFORMED;
}

// A message in a oneof is the case itself, not a part of what a person sees as the path.
static bool
is_step(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 || field->type != PROTOBUF_C_TYPE_MESSAGE;
}

static size_t
print_path(const struct path *path, char *out, size_t size)
{
    size_t len = path->outer == NULL ? 0 : print_path(path->outer, out, size);
    int more;

    if (!is_step(path->field) || len >= size)
        return len;
    if (path->field->label == PROTOBUF_C_LABEL_REPEATED)
        more =
            snprintf(out + len, size - len, "%s%s[%zu]", len > 0 ? "." : "", path->field->name, path->index);
    else
        more = snprintf(out + len, size - len, "%s%s", len > 0 ? "." : "", path->field->name);
    return more < 0 ? len : len + (size_t)more;
}

static int
refuse(struct reading *reading, const struct path *path, const char *why)
{
    char field[FAULT_FIELD_MAX] = "";

    print_path(path, field, sizeof field);
    return fault_set(reading->fault, CODE_INVALID_ARGUMENT, field, "%s", why);
}

static size_t
most_of(const struct reading *reading, const ProtobufCFieldDescriptor *field)
{
    return field == reading->unbounded ? SIZE_MAX : reading->max_elements;
}

static int
refuse_count(struct reading *reading, const struct path *path)
{
    char why[80];

    snprintf(why, sizeof why, "more than %zu elements; at most so many are allowed", reading->max_elements);
    return refuse(reading, path, why);
}

// ---- Fields

static int
check_text(struct reading *reading, const struct path *path, const char *text, size_t len)
{
    if (utf8_plain(text, len))
        return 0;
    if (memchr(text, '\0', len) != NULL)
        return refuse(reading, path, "a NUL byte is not allowed in a text");
    if (!utf8_valid(text, len))
        return refuse(reading, path, "the text is no valid UTF-8");
    return 0;
}

static int
take_text(struct reading *reading, const struct path *path, struct bytes content, char **place)
{
    const char *text = (const char *)content.at;
    size_t len = (size_t)(content.end - content.at);
    int rc = check_text(reading, path, text, len);

    if (rc != 0)
        return rc;
    // Of no memory, and another one than protobuf-c's, which stands for a text that was not given.
    *place = len == 0 ? (char *)empty_text : arena_strndup(reading->arena, text, len);
    return *place == NULL ? -ENOMEM : 0;
}

static int
take_bytes(struct reading *reading, struct bytes content, ProtobufCBinaryData *place)
{
    *place = (ProtobufCBinaryData){0};
    if (content.at == content.end)
        return 0;
    place->len = (size_t)(content.end - content.at);
    place->data = arena_take(reading->arena, place->len);
    if (place->data == NULL)
        return -ENOMEM;
    memcpy(place->data, content.at, place->len);
    return 0;
}

// A message that came before is added to, unless it is an element or in a oneof.
static int
take_message(struct reading *reading, const struct path *path, struct bytes content, ProtobufCMessage **place,
             unsigned depth)
{
    const ProtobufCFieldDescriptor *field = path->field;

    if (field->label == PROTOBUF_C_LABEL_REPEATED || (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 ||
        *place == NULL)
        *place = field_new_message(reading->arena, field->descriptor);
    if (*place == NULL)
        return -ENOMEM;
    return read_message(reading, *place, content, path, depth + 1);
}

// Values in a field that packs them into one.
static size_t
count_packed(struct bytes in, unsigned wire_type)
{
    size_t count = 0;

    if (wire_type == PROTOBUF_C_WIRE_TYPE_64BIT || wire_type == PROTOBUF_C_WIRE_TYPE_32BIT)
        return (size_t)(in.end - in.at) / (wire_type == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4);
    for (; in.at < in.end; in.at++)
        count += *in.at < 0x80; // a varint's last byte
    return count;
}

static int
take_packed(struct reading *reading, const struct path *path, struct bytes in, ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = path->field;
    unsigned wire_type = field_types[field->type].wire_type;
    size_t count = count_packed(in, wire_type);
    const uint8_t *at = in.at;
    void *place = NULL;

    if (count > most_of(reading, field) - path->index)
        return refuse_count(reading, path);
    if (count > 0) {
        place = field_extend(reading->arena, message, field, count);
        if (place == NULL)
            return -ENOMEM;
    }
    for (; count > 0; count--) {
        struct value value;

        at = read_value(at, in.end, wire_type, &value);
        if (at == NULL)
            break;
        place = field_put_number(place, field->type, value.number);
    }
    return at == in.end ? 0 : malformed(reading, "a packed field is cut off");
}

// A value whose field is known. path->index is what a repeated field has so far.
static int
take_known(struct reading *reading, const struct path *path, unsigned wire_type, const struct value *value,
           ProtobufCMessage *message, unsigned depth)
{
    const ProtobufCFieldDescriptor *field = path->field;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    unsigned wanted = field_types[field->type].wire_type;
    void *place;

    if (repeated && wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED && wanted != wire_type)
        return take_packed(reading, path, value->content, message);
    if (wire_type != wanted)
        return malformed(reading, "a field has another wire type than it must");
    if (repeated && path->index >= most_of(reading, field))
        return refuse_count(reading, path);
    place = repeated ? field_extend(reading->arena, message, field, 1) : field_single(message, field);
    if (place == NULL)
        return -ENOMEM;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return take_text(reading, path, value->content, place);
    case PROTOBUF_C_TYPE_BYTES:
        return take_bytes(reading, value->content, place);
    case PROTOBUF_C_TYPE_MESSAGE:
        return take_message(reading, path, value->content, place, depth);
    default:
        field_put_number(place, field->type, value->number);
        return 0;
    }
}

static int
read_message(struct reading *reading, ProtobufCMessage *message, struct bytes in, const struct path *outer,
             unsigned depth)
{
    const uint8_t *at = in.at, *end = in.end;
    struct path path = {.outer = outer};
    size_t singles = 0; // fields that are not repeated and yet may come again
    int rc = 0;

    if (depth > WIRE_DEPTH_MAX)
        return malformed(reading, "messages are nested too deep");
    while (rc == 0 && at < end) {
        const ProtobufCFieldDescriptor *field;
        struct value value = {.content = {at, at}};
        struct tag tag;

        at = read_tag(at, end, &tag);
        if (at == NULL)
            return malformed(reading, "a tag is no field number from 1 to 536870911");
        at = read_value(at, end, tag.wire_type, &value);
        if (at == NULL)
            return malformed(reading, "a value is cut off or has an unknown wire type");
        field = field_find(message->descriptor, tag.number);
        if (field == NULL) {
            if (++reading->unknown > WIRE_UNKNOWN_MAX)
                return malformed(reading, "too many unknown fields");
            continue; // dropped: what nobody has checked is neither stored nor handed on
        }
        path.field = field;
        path.index = 0;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            path.index = field_count(message, field);
        else if (++singles > reading->max_elements) // as memory is taken for each
            return malformed(reading, "single fields are repeated too often");
        rc = take_known(reading, &path, tag.wire_type, &value, message, depth);
    }
    return rc;
}

int
wire_unpack(const struct wire_input *input, struct arena *arena, ProtobufCMessage **out, struct fault *fault)
{
    struct reading reading = {
        .max_elements = input->max_elements, .unbounded = input->unbounded, .arena = arena, .fault = fault};
    size_t bound = arena_held(arena) + WIRE_MEMORY_BASE + WIRE_MEMORY_TIMES * input->len;
    size_t cap = arena_set_cap(arena, 0);
    ProtobufCMessage *message;
    int rc = -ENOMEM;

    (void)arena_set_cap(arena, bound < cap ? bound : cap);
    message = field_new_message(arena, input->desc);
    if (message != NULL)
        rc = read_message(&reading, message, (struct bytes){input->data, input->data + input->len}, NULL, 1);
    (void)arena_set_cap(arena, cap);
    if (rc == 0)
        *out = message;
    return rc;
}

void
wire_peek(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len, struct wire_peek *out)
{
    const uint8_t *at = data, *end = data + len;
    struct value value;
    struct tag tag;

    *out = (struct wire_peek){0};
    while (at < end && (at = read_tag(at, end, &tag)) != NULL &&
           (at = read_value(at, end, tag.wire_type, &value)) != NULL) {
        const ProtobufCFieldDescriptor *field = field_find(desc, tag.number);

        if (field == NULL)
            out->unknown = tag.number;
        else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
            out->body = tag.number;
        else if (tag.number == WIRE_ID_FIELD && tag.wire_type == PROTOBUF_C_WIRE_TYPE_VARINT)
            out->id = value.number;
    }
}
