// SPDX-License-Identifier: Apache-2.0
// A walk over the wire format (the encoding guide of Protocol Buffers), led by protobuf-c's descriptors. The
// recursion is as deep as the schema at most, as unknown fields are skipped whole.
#include "rpc/wire.h"
#include "proto/utf8.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX       536870911u // greatest field number
#define LENGTH_BYTES_MAX 5          // of a tag or a length; protobuf-c reads no longer ones
#define FIELDS_MAX       64u        // fields of a message of ours, checked when one is met

struct bytes { // what is left to read
    const uint8_t *at, *end;
};

struct path { // from the innermost field outwards
    const struct path *outer;
    const ProtobufCFieldDescriptor *field;
    size_t index;
};

struct check {
    size_t max_elements;
    unsigned unknown; // fields so far
    struct fault *fault;
};

struct tag {
    uint32_t number;
    unsigned wire_type;
};

static int check_message(struct check *check, const ProtobufCMessageDescriptor *desc, struct bytes in,
                         const struct path *outer, unsigned depth);

// ---- Bytes

static bool
read_varint(struct bytes *in, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 70 && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;

        value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool
read_tag(struct bytes *in, struct tag *out)
{
    const uint8_t *start = in->at;
    uint64_t value;

    if (!read_varint(in, &value) || in->at - start > LENGTH_BYTES_MAX || value >> 3 == 0 ||
        value >> 3 > NUMBER_MAX)
        return false;
    *out = (struct tag){(uint32_t)(value >> 3), value & 7};
    return true;
}

static bool
skip_bytes(struct bytes *in, uint64_t count)
{
    if (count > (uint64_t)(in->end - in->at))
        return false;
    in->at += count;
    return true;
}

// Reads the value behind a tag; content gets what it holds (the varint's bytes, the fixed bytes, or what the
// length counts).
static bool
read_value(struct bytes *in, unsigned wire_type, struct bytes *content)
{
    uint64_t number;
    bool good = false;

    content->at = in->at;
    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        good = read_varint(in, &number);
        break;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        good = skip_bytes(in, 8);
        break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        good = skip_bytes(in, 4);
        break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        good = read_varint(in, &number) && in->at - content->at <= LENGTH_BYTES_MAX;
        content->at = in->at;
        good = good && number <= INT32_MAX && skip_bytes(in, number);
        break;
    default: // groups, and what is no wire type
        break;
    }
    content->end = in->at;
    return good;
}

// ---- Faults

static int
malformed(struct check *check, const char *why)
{
    fault_fill(check->fault, CODE_INVALID_ARGUMENT, "", "the frame is no well-formed request: %s", why);
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
refuse(struct check *check, const struct path *path, const char *why)
{
    char field[FAULT_FIELD_MAX] = "";

    print_path(path, field, sizeof field);
    return fault_set(check->fault, CODE_INVALID_ARGUMENT, field, "%s", why);
}

static int
refuse_count(struct check *check, const struct path *path)
{
    char why[80];

    snprintf(why, sizeof why, "more than %zu elements; at most so many are allowed", check->max_elements);
    return refuse(check, path, why);
}

// ---- Fields

static unsigned
wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default:
        return PROTOBUF_C_WIRE_TYPE_VARINT;
    }
}

static int
check_text(struct check *check, const struct path *path, struct bytes text)
{
    size_t len = (size_t)(text.end - text.at);

    if (memchr(text.at, '\0', len) != NULL)
        return refuse(check, path, "a NUL byte is not allowed in a text");
    if (!utf8_valid((const char *)text.at, len))
        return refuse(check, path, "the text is no valid UTF-8");
    return 0;
}

// Elements of a scalar field that are packed into one value.
static int
count_packed(struct check *check, const struct path *path, struct bytes in, size_t *count)
{
    unsigned wire_type = wire_type_of(path->field->type);
    struct bytes element;

    while (in.at < in.end) {
        if (!read_value(&in, wire_type, &element))
            return malformed(check, "a packed field is cut off");
        if (++*count > check->max_elements)
            return refuse_count(check, path);
    }
    return 0;
}

// A value whose field is known. count is what the field has seen so far.
static int
check_known(struct check *check, struct path *path, unsigned wire_type, struct bytes content, size_t *count,
            unsigned depth)
{
    const ProtobufCFieldDescriptor *field = path->field;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    unsigned wanted = wire_type_of(field->type);

    path->index = *count;
    if (repeated && wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED && wanted != wire_type)
        return count_packed(check, path, content, count);
    if (wire_type != wanted)
        return malformed(check, "a field has another wire type than it must");
    if (++*count >
        check->max_elements) // also of a single field, which a frame may repeat, as memory is taken for each
        return repeated ? refuse_count(check, path)
                        : malformed(check, "a single field is repeated too often");
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return check_text(check, path, content);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_message(check, field->descriptor, content, path, depth + 1);
    return 0;
}

static int
check_message(struct check *check, const ProtobufCMessageDescriptor *desc, struct bytes in,
              const struct path *outer, unsigned depth)
{
    uint32_t counts[FIELDS_MAX] = {0};
    int rc = 0;

    if (depth > WIRE_DEPTH_MAX || desc->n_fields > FIELDS_MAX)
        return malformed(check, "messages are nested too deep");
    while (rc == 0 && in.at < in.end) {
        const ProtobufCFieldDescriptor *field;
        struct bytes content;
        struct tag tag;

        if (!read_tag(&in, &tag))
            return malformed(check, "a tag is no field number from 1 to 536870911");
        if (!read_value(&in, tag.wire_type, &content))
            return malformed(check, "a value is cut off or has an unknown wire type");
        field = protobuf_c_message_descriptor_get_field(desc, tag.number);
        if (field == NULL) {
            if (++check->unknown > WIRE_UNKNOWN_MAX)
                return malformed(check, "too many unknown fields");
        } else {
            struct path path = {outer, field, 0};
            size_t place = (size_t)(field - desc->fields), count = counts[place];

            rc = check_known(check, &path, tag.wire_type, content, &count, depth);
            counts[place] = (uint32_t)count;
        }
    }
    return rc;
}

int
wire_check(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len, size_t max_elements,
           struct fault *fault)
{
    struct check check = {.max_elements = max_elements, .fault = fault};

    return check_message(&check, desc, (struct bytes){data, data + len}, NULL, 1);
}

void
wire_peek(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len, struct wire_peek *out)
{
    struct bytes in = {data, data + len}, content;
    struct tag tag;

    *out = (struct wire_peek){0};
    while (in.at < in.end && read_tag(&in, &tag) && read_value(&in, tag.wire_type, &content)) {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(desc, tag.number);

        if (field == NULL)
            out->unknown = tag.number;
        else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
            out->body = tag.number;
        else if (tag.number == WIRE_ID_FIELD && tag.wire_type == PROTOBUF_C_WIRE_TYPE_VARINT)
            (void)read_varint(&content, &out->id);
    }
}
