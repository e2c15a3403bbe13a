// SPDX-License-Identifier: Apache-2.0
// Each key names a member; its type says which JSON values fit. null is the same as leaving the key out.
#include "client/cli/query_json.h"
#include "client/cli/query_member.h"
#include "client/cli/seed_text.h"
#include "proto/decimal.h"
#include "proto/utf8.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct reader {
    struct query *query;
    struct query_json_fault *fault;
};

// Tells what kind of value was expected.
static int
expected(struct reader *reader, json_t *value, const char *what)
{
    const int flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12);
    const char *text = json_string_value(value);
    char given[80];
    size_t len;

    if (text != NULL) { // column_bad sets it between quotes
        column_bad(&reader->fault->message, text, json_string_length(value), what);
        return QUERY_E_BAD;
    }
    len = json_dumpb(value, given, sizeof given, flags);
    column_bad(&reader->fault->message, given, len < sizeof given ? len : sizeof given, what);
    return QUERY_E_BAD;
}

static void
blame_item(struct reader *reader, size_t index)
{
    size_t len = strlen(reader->fault->field);

    snprintf(reader->fault->field + len, sizeof reader->fault->field - len, "[%zu]", index);
}

// A whole number, also as a string of digits. 0 or QUERY_E_BAD.
static int
whole(json_t *value, int64_t *out)
{
    const char *text = json_string_value(value);
    size_t len = text != NULL ? strlen(text) : 0;

    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return 0;
    }
    if (len == 0 || strspn(text, "0123456789") != len)
        return QUERY_E_BAD;
    return decimal_parse(text, len, 0, 0, out) == 0 ? 0 : QUERY_E_BAD;
}

// Millionths of a degree. A double is taken for the decimal number of at most twelve decimals that it stands
// for, and that is rounded as decimal text is.
static int
degrees(json_t *value, int64_t *out)
{
    const char *text = json_string_value(value);
    char digits[64];

    if (json_is_number(value)) {
        double number = json_number_value(value);

        if (number < -1e6 || number > 1e6)
            return QUERY_E_BAD;
        snprintf(digits, sizeof digits, "%.12f", number);
        text = digits;
    }
    return text != NULL && decimal_parse(text, strlen(text), 6, 0, out) == 0 ? 0 : QUERY_E_BAD;
}

static int
read_point(struct reader *reader, const struct query_member *member, json_t *value)
{
    int64_t lat, lon;

    if (json_array_size(value) != 2 || degrees(json_array_get(value, 0), &lat) != 0 ||
        degrees(json_array_get(value, 1), &lon) != 0)
        return expected(reader, value, "[latitude, longitude] in degrees");
    return query_member_set_point(reader->query, member, lat, lon, &reader->fault->message);
}

static int
read_number(struct reader *reader, const struct query_member *member, json_t *value)
{
    int64_t number;

    if (whole(value, &number) != 0)
        return expected(reader, value, member->allowed != NULL ? member->allowed : "a whole number");
    return query_member_set_number(reader->query, member, number, &reader->fault->message);
}

static int
read_text(struct reader *reader, const struct query_member *member, json_t *value)
{
    const char *text = json_string_value(value);
    char digits[24];

    if (member->type == QUERY_ORIGIN && json_is_integer(value)) { // a postcode
        snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = digits;
    }
    if (text == NULL)
        return expected(reader, value, "a string");
    return query_member_add_text(reader->query, member, text, &reader->fault->message);
}

static int
read_list(struct reader *reader, const struct query_member *member, json_t *value)
{
    json_t *item;
    size_t i;

    if (!json_is_array(value))
        return expected(reader, value, "a list of strings");
    json_array_foreach(value, i, item)
    {
        int result = json_is_string(item)
                         ? query_member_add_text(reader->query, member, json_string_value(item),
                                                 &reader->fault->message)
                         : expected(reader, item, "a string");

        if (result != 0) {
            blame_item(reader, i);
            return result;
        }
    }
    return 0;
}

static int
read_interests(struct reader *reader, const struct query_member *member, json_t *value)
{
    json_t *weight;
    const char *code;

    if (!json_is_object(value))
        return expected(reader, value, "an object of codes and weights, as in {\"sport.voetbal\":10}");
    json_object_foreach(value, code, weight)
    {
        int64_t number = QUERY_WEIGHT;
        int result = 0;

        if (!json_is_null(weight) && whole(weight, &number) != 0)
            result = expected(reader, weight, "a weight, 1 to 100");
        if (result == 0)
            result = query_member_add_interest(reader->query, member, code, number, &reader->fault->message);
        if (result != 0)
            return result;
    }
    return 0;
}

static int
read_weights(struct reader *reader, const struct query_member *member, json_t *value)
{
    int64_t weights[3];

    for (size_t i = 0; i < 3; i++)
        if (json_array_size(value) != 3 || whole(json_array_get(value, i), &weights[i]) != 0)
            return expected(reader, value, "[interest, proximity, transition], each 0 to 100");
    return query_member_set_weights(reader->query, member, weights, &reader->fault->message);
}

static int
read_seed(struct reader *reader, const struct query_member *member, json_t *value)
{
    const char *text = json_string_value(value);
    char digits[24];

    if (json_is_integer(value)) {
        snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = digits;
    }
    if (text == NULL)
        return expected(reader, value, "a whole number, or a string of digits");
    return query_member_set_seed(reader->query, member, text, &reader->fault->message);
}

static int
read_flag(struct reader *reader, const struct query_member *member, json_t *value)
{
    if (!json_is_boolean(value))
        return expected(reader, value, "true or false");
    query_member_set_flag(reader->query, member, json_is_true(value));
    return 0;
}

static int
read_member(struct reader *reader, const struct query_member *member, json_t *value)
{
    static int (*const readers[])(struct reader * reader, const struct query_member *member,
                                  json_t *value) = {
        [QUERY_POINT] = read_point,     [QUERY_ORIGIN] = read_text, [QUERY_TEXT] = read_text,
        [QUERY_NUMBER] = read_number,   [QUERY_FLAG] = read_flag,   [QUERY_WORD] = read_text,
        [QUERY_WORDS] = read_list,      [QUERY_TEXTS] = read_list,  [QUERY_INTERESTS] = read_interests,
        [QUERY_WEIGHTS] = read_weights, [QUERY_SEED] = read_seed,   [QUERY_CURSOR] = read_text,
    };

    return json_is_null(value) ? 0 : readers[member->type](reader, member, value);
}

static int
read_object(struct reader *reader, json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        const struct query_member *member = query_member_named(key);
        int result;

        snprintf(reader->fault->field, sizeof reader->fault->field, "%.*s",
                 (int)(strlen(key) > 50 ? utf8_cut(key, 50) : strlen(key)), key);
        if (member == NULL) {
            char allowed[500];

            column_bad(&reader->fault->message, key, strlen(key), query_member_list(allowed, sizeof allowed));
            return QUERY_E_BAD;
        }
        result = read_member(reader, member, value);
        if (result != 0)
            return result;
    }
    reader->fault->field[0] = '\0';
    return 0;
}

// The line as a value. A seed from 2^63 on is more than the library's integers hold, so it is read as text
// then.
static json_t *
load_line(const char *line, size_t len, json_error_t *error)
{
    json_t *value = json_loadb(line, len, JSON_REJECT_DUPLICATES, error);
    size_t quoted_len;
    char *quoted;

    if (value != NULL || json_error_code(error) != json_error_numeric_overflow)
        return value;
    quoted = seed_text_quote(line, len, &quoted_len);
    if (quoted != NULL)
        value = json_loadb(quoted, quoted_len, JSON_REJECT_DUPLICATES, error);
    free(quoted);
    return value;
}

// What is wrong with a line, where the library speaks of its own options.
static const char *
syntax_text(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string or a key holds a NUL character (\\u0000), which no text here has";
    case json_error_numeric_overflow:
        return "it holds a number that is too large";
    default:
        return error->text;
    }
}

int
query_json_read(struct query *query, const char *line, size_t len, struct query_json_fault *fault)
{
    struct reader reader = {query, fault};
    json_error_t error;
    json_t *object;
    int result;

    if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) { // a byte order mark, as some editors write
        line += 3;
        len -= 3;
    }
    object = load_line(line, len, &error);
    *fault = (struct query_json_fault){0};
    if (object == NULL || !json_is_object(object)) {
        snprintf(fault->message.text, sizeof fault->message.text, "the line is no JSON object: %s",
                 object == NULL ? syntax_text(&error) : "another value");
        json_decref(object);
        return QUERY_E_BAD;
    }
    result = read_object(&reader, object);
    json_decref(object);
    return result;
}
