// SPDX-License-Identifier: Apache-2.0
// How a column of each type is read from text and written to it. Invariant: what print writes, parse reads as
// the same member.
#include "proto/column.h"
#include "proto/decimal.h"
#include "proto/utf8.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LIST_MAX    4096u // items that are read; the daemon's limits are far below
#define GIVEN_BYTES 60u   // bytes of a bad text that are shown

// What a parse works on: text that it may cut, and where memory and messages go.
struct input {
    char *text;
    size_t len;
    bool comma;
    struct arena *arena;
    struct column_message *message;
};

// What a print writes to; result remembers the first failure.
struct output {
    struct buf *buf;
    int result;
};

static void
put(struct output *out, const char *text)
{
    if (out->result == 0)
        out->result = buf_append(out->buf, text, strlen(text));
}

static void *
member(const struct column *column, ProtobufCMessage *record)
{
    return (char *)record + column->offset;
}

static const void *
member_of(const struct column *column, const ProtobufCMessage *record)
{
    return (const char *)record + column->offset;
}

// The pointer that a member is.
static void *
pointer_of(const struct column *column, const ProtobufCMessage *record)
{
    void *pointer;

    memcpy(&pointer, member_of(column, record), sizeof pointer);
    return pointer;
}

static void
set_pointer(void *place, void *pointer)
{
    memcpy(place, &pointer, sizeof pointer);
}

static size_t
count_of(const struct column *column, const ProtobufCMessage *record)
{
    size_t count;

    memcpy(&count, (const char *)record + column->extra, sizeof count);
    return count;
}

bool
column_given(const struct column *column, const ProtobufCMessage *record)
{
    int given;

    if (column->type >= COLUMN_TEXTS)
        return count_of(column, record) > 0;
    if (column->type == COLUMN_LAT || column->type == COLUMN_LON)
        return pointer_of(column, record) != NULL;
    if (column->given == 0)
        return true;
    memcpy(&given, (const char *)record + column->extra, sizeof given);
    return given == column->given;
}

static void
set_given(const struct column *column, ProtobufCMessage *record)
{
    if (column->given != 0)
        memcpy((char *)record + column->extra, &column->given, sizeof column->given);
}

int
column_bad(struct column_message *message, const char *given, size_t len, const char *allowed)
{
    char shown[GIVEN_BYTES + 1];
    size_t n = len <= GIVEN_BYTES ? len : utf8_cut(given, GIVEN_BYTES);

    memcpy(shown, given, n);
    shown[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)shown[i] < ' ' || shown[i] == 0x7f)
            shown[i] = '?';
    snprintf(message->text, sizeof message->text, "given \"%s%s\", allowed: %s", shown, n < len ? "..." : "",
             allowed);
    return COLUMN_E_BAD;
}

static int
bad_word(const struct column *column, const struct input *in)
{
    char allowed[500];

    return column_bad(in->message, in->text, in->len, names_list(column->names, allowed, sizeof allowed));
}

static void
trim(struct input *in)
{
    while (in->len > 0 && in->text[0] == ' ') {
        in->text++;
        in->len--;
    }
    while (in->len > 0 && in->text[in->len - 1] == ' ')
        in->len--;
    in->text[in->len] = '\0';
}

static int
parse_text(const struct column *column, ProtobufCMessage *record, struct input *in)
{
    set_pointer(member(column, record), in->text);
    return 0;
}

static void
print_text(const struct column *column, const ProtobufCMessage *record, struct output *out)
{
    put(out, pointer_of(column, record));
}

static int
parse_word(const struct column *column, ProtobufCMessage *record, struct input *in)
{
    int value = names_value(column->names, in->text, in->len);

    if (value < 0)
        return bad_word(column, in);
    memcpy(member(column, record), &value, sizeof value);
    return 0;
}

static void
put_word(struct output *out, const struct names *names, int value)
{
    const char *word = names_text(names, value);

    if (word != NULL)
        put(out, word);
}

static void
print_word(const struct column *column, const ProtobufCMessage *record, struct output *out)
{
    int value;

    memcpy(&value, member_of(column, record), sizeof value);
    put_word(out, column->names, value);
}

// A whole number of 32 bits; 0 or COLUMN_E_BAD.
static int
read_number(const struct input *in, const char *allowed, uint32_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < in->len; i++) {
        if (in->text[i] < '0' || in->text[i] > '9')
            return column_bad(in->message, in->text, in->len, allowed);
        value = value * 10 + (uint64_t)(in->text[i] - '0');
        if (value > UINT32_MAX)
            return column_bad(in->message, in->text, in->len, allowed);
    }
    if (in->len == 0)
        return column_bad(in->message, in->text, in->len, allowed);
    *out = (uint32_t)value;
    return 0;
}

static int
parse_number(const struct column *column, ProtobufCMessage *record, struct input *in)
{
    uint32_t value;

    if (read_number(in, column->allowed, &value) != 0)
        return COLUMN_E_BAD;
    memcpy(member(column, record), &value, sizeof value);
    set_given(column, record);
    return 0;
}

static void
put_number(struct output *out, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    put(out, text);
}

static void
print_number(const struct column *column, const ProtobufCMessage *record, struct output *out)
{
    uint32_t value;

    memcpy(&value, member_of(column, record), sizeof value);
    if (column_given(column, record) && (value != 0 || column->always || column->given != 0))
        put_number(out, value);
}

static int
parse_flag(const struct column *column, ProtobufCMessage *record, struct input *in)
{
    // Any case: a spreadsheet turns the words into its own TRUE and FALSE.
    protobuf_c_boolean value = strcasecmp(in->text, "true") == 0;

    if (!value && strcasecmp(in->text, "false") != 0)
        return column_bad(in->message, in->text, in->len, "true, false or empty");
    memcpy(member(column, record), &value, sizeof value);
    set_given(column, record);
    return 0;
}

static void
print_flag(const struct column *column, const ProtobufCMessage *record, struct output *out)
{
    protobuf_c_boolean value;

    memcpy(&value, member_of(column, record), sizeof value);
    if (column_given(column, record) && (value || column->given != 0))
        put(out, value ? "true" : "false");
}

static int
parse_degrees(const struct column *column, ProtobufCMessage *record, struct input *in)
{
    bool lat = column->type == COLUMN_LAT;
    Kansen__V1__Point *point = pointer_of(column, record);
    int64_t value;

    if (decimal_parse(in->text, in->len, 6, in->comma, &value) != 0 || value > INT32_MAX || value < INT32_MIN)
        return column_bad(in->message, in->text, in->len,
                          lat ? "a latitude in degrees, -90 to 90" : "a longitude in degrees, -180 to 180");
    if (point == NULL) {
        point = arena_alloc(in->arena, sizeof *point);
        if (point == NULL)
            return -ENOMEM;
        kansen__v1__point__init(point);
        set_pointer(member(column, record), point);
    }
    if (lat)
        point->lat_e6 = (int32_t)value;
    else
        point->lon_e6 = (int32_t)value;
    return 0;
}

static void
print_degrees(const struct column *column, const ProtobufCMessage *record, struct output *out)
{
    const Kansen__V1__Point *point = pointer_of(column, record);
    char text[DECIMAL_TEXT_MAX];

    if (point != NULL)
        put(out, decimal_format(text, column->type == COLUMN_LAT ? point->lat_e6 : point->lon_e6, 6));
}

// Cuts the next item off a list, without spaces around it. 0, or COLUMN_E_BAD for an empty one.
static int
next_item(struct input *list, struct input *item)
{
    char *end = memchr(list->text, ';', list->len);
    size_t len = end != NULL ? (size_t)(end - list->text) : list->len;

    *item = *list;
    item->len = len;
    list->text += end != NULL ? len + 1 : len;
    list->len -= end != NULL ? len + 1 : len;
    trim(item);
    return item->len > 0
               ? 0
               : column_bad(list->message, item->text, 0, "items joined by ';', none of them empty");
}

static int
parse_item_text(const struct column *column, void *item, struct input *in)
{
    (void)column;
    set_pointer(item, in->text);
    return 0;
}

static int
parse_item_word(const struct column *column, void *item, struct input *in)
{
    int value = names_value(column->names, in->text, in->len);

    if (value < 0)
        return bad_word(column, in);
    memcpy(item, &value, sizeof value);
    return 0;
}

static void
print_texts(const struct column *column, const ProtobufCMessage *record, struct output *out)
{
    char *const *items = pointer_of(column, record);

    for (size_t i = 0; i < count_of(column, record); i++) {
        put(out, i > 0 ? ";" : "");
        put(out, items[i]);
    }
}

static void
print_words(const struct column *column, const ProtobufCMessage *record, struct output *out)
{
    const char *items = pointer_of(column, record);

    for (size_t i = 0; i < count_of(column, record); i++) {
        int value;

        memcpy(&value, items + i * sizeof value, sizeof value);
        put(out, i > 0 ? ";" : "");
        put_word(out, column->names, value);
    }
}

static int
parse_item_identifier(const struct column *column, void *item, struct input *in)
{
    Kansen__V1__Identifier *identifier = arena_alloc(in->arena, sizeof *identifier);
    char *equals = memchr(in->text, '=', in->len);

    (void)column;
    if (identifier == NULL)
        return -ENOMEM;
    if (equals == NULL)
        return column_bad(in->message, in->text, in->len,
                          "scheme=value with kvk, kvk_establishment, leerbedrijf or institution as scheme");
    kansen__v1__identifier__init(identifier);
    *equals = '\0';
    identifier->scheme = in->text;
    identifier->value = equals + 1;
    set_pointer(item, identifier);
    return 0;
}

static void
print_identifiers(const struct column *column, const ProtobufCMessage *record, struct output *out)
{
    Kansen__V1__Identifier *const *items = pointer_of(column, record);

    for (size_t i = 0; i < count_of(column, record); i++) {
        put(out, i > 0 ? ";" : "");
        put(out, items[i]->scheme);
        put(out, "=");
        put(out, items[i]->value);
    }
}

#define ACCREDITATION "a five-digit crebo with optional days, as in 25180:2024-08-01:2028-07-31"

static int
parse_item_accreditation(const struct column *column, void *item, struct input *in)
{
    Kansen__V1__Accreditation *accreditation = arena_alloc(in->arena, sizeof *accreditation);
    char *first = memchr(in->text, ':', in->len), *last = NULL;
    struct input crebo = *in;

    (void)column;
    if (accreditation == NULL)
        return -ENOMEM;
    if (first != NULL)
        last = strchr(first + 1, ':');
    if (last != NULL && strchr(last + 1, ':') != NULL)
        return column_bad(in->message, in->text, in->len, ACCREDITATION);
    kansen__v1__accreditation__init(accreditation);
    crebo.len = first != NULL ? (size_t)(first - in->text) : in->len;
    if (read_number(&crebo, ACCREDITATION, &accreditation->crebo) != 0)
        return column_bad(in->message, in->text, in->len, ACCREDITATION);
    if (last != NULL) {
        *last = '\0';
        accreditation->last_day = last + 1;
    }
    if (first != NULL)
        accreditation->first_day = first + 1;
    set_pointer(item, accreditation);
    return 0;
}

// What the items of a list are in memory, and how one is read.
static const struct {
    size_t size;
    int (*parse)(const struct column *column, void *item, struct input *in);
} lists[] = {
    [COLUMN_TEXTS] = {sizeof(char *), parse_item_text},
    [COLUMN_WORDS] = {sizeof(int), parse_item_word},
    [COLUMN_IDENTIFIERS] = {sizeof(void *), parse_item_identifier},
    [COLUMN_ACCREDITATIONS] = {sizeof(void *), parse_item_accreditation},
};

static int
parse_list(const struct column *column, ProtobufCMessage *record, struct input *in)
{
    size_t count = 1, size = lists[column->type].size;
    char *items;

    for (size_t k = 0; k < in->len; k++)
        count += in->text[k] == ';';
    if (count > LIST_MAX)
        return column_bad(in->message, in->text, in->len, "at most 4096 items");
    items = arena_array(in->arena, count, size);
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct input item;
        int result = next_item(in, &item);

        if (result == 0)
            result = lists[column->type].parse(column, items + i * size, &item);
        if (result != 0)
            return result;
    }
    set_pointer(member(column, record), items);
    memcpy((char *)record + column->extra, &count, sizeof count);
    return 0;
}

static void
print_accreditations(const struct column *column, const ProtobufCMessage *record, struct output *out)
{
    Kansen__V1__Accreditation *const *items = pointer_of(column, record);

    for (size_t i = 0; i < count_of(column, record); i++) {
        const char *first = items[i]->first_day, *last = items[i]->last_day;

        put(out, i > 0 ? ";" : "");
        put_number(out, items[i]->crebo);
        put(out, first[0] != '\0' || last[0] != '\0' ? ":" : "");
        put(out, first);
        put(out, last[0] != '\0' ? ":" : "");
        put(out, last);
    }
}

static const struct {
    int (*parse)(const struct column *column, ProtobufCMessage *record, struct input *in);
    void (*print)(const struct column *column, const ProtobufCMessage *record, struct output *out);
} types[] = {
    [COLUMN_TEXT] = {parse_text, print_text},
    [COLUMN_WORD] = {parse_word, print_word},
    [COLUMN_NUMBER] = {parse_number, print_number},
    [COLUMN_FLAG] = {parse_flag, print_flag},
    [COLUMN_LAT] = {parse_degrees, print_degrees},
    [COLUMN_LON] = {parse_degrees, print_degrees},
    [COLUMN_TEXTS] = {parse_list, print_texts},
    [COLUMN_WORDS] = {parse_list, print_words},
    [COLUMN_IDENTIFIERS] = {parse_list, print_identifiers},
    [COLUMN_ACCREDITATIONS] = {parse_list, print_accreditations},
};

int
column_parse(const struct column *column, ProtobufCMessage *record, char *text, size_t len, bool comma,
             struct arena *arena, struct column_message *message)
{
    struct input in = {text, len, comma, arena, message};

    if (column->type != COLUMN_TEXT)
        trim(&in);
    return in.len > 0 ? types[column->type].parse(column, record, &in) : 0;
}

int
column_print(const struct column *column, const ProtobufCMessage *record, struct buf *out)
{
    struct output output = {out, 0};

    types[column->type].print(column, record, &output);
    return output.result;
}
