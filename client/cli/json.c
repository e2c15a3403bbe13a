// SPDX-License-Identifier: Apache-2.0
// Numbers of coordinates have at most nine digits, which a double holds exactly enough to print them as they
// were.
#include "client/cli/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(9))

static json_t *
text_value(const char *text)
{
    json_t *value = json_string(text);

    return value != NULL ? value : json_string("(not UTF-8)");
}

void
json_put_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text_value(text));
}

void
json_put_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

void
json_put_flag(json_t *object, const char *key, int value)
{
    json_object_set_new(object, key, json_boolean(value));
}

void
json_put_word(json_t *object, const char *key, const struct names *names, int value)
{
    const char *word = names_text(names, value);

    if (word != NULL)
        json_put_text(object, key, word);
}

void
json_put_words(json_t *object, const char *key, const struct names *names, const void *values, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const char *word;
        int value;

        memcpy(&value, (const char *)values + i * sizeof value, sizeof value);
        word = names_text(names, value);
        if (word != NULL)
            json_array_append_new(list, json_string(word));
    }
    json_object_set_new(object, key, list);
}

void
json_put_texts(json_t *object, const char *key, char *const *texts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, text_value(texts[i]));
    json_object_set_new(object, key, list);
}

void
json_put_point(json_t *object, const Kansen__V1__Point *point)
{
    if (point == NULL)
        return;
    json_object_set_new(object, "lat", json_real(point->lat_e6 / 1e6));
    json_object_set_new(object, "lon", json_real(point->lon_e6 / 1e6));
}

json_t *
json_error(const char *code, const char *field, const char *message)
{
    json_t *error = json_object(), *outer = json_object();

    json_put_text(error, "code", code);
    json_put_text(error, "field", field);
    json_put_text(error, "message", message);
    json_object_set_new(outer, "error", error);
    return outer;
}

char *
json_line(json_t *value)
{
    char *line = value != NULL ? json_dumps(value, LINE_FLAGS) : NULL;

    json_decref(value);
    return line;
}

int
json_print(json_t *value)
{
    char *line = json_line(value); // one write: json_dumpf writes bit by bit
    int result = line != NULL && puts(line) != EOF ? 0 : -1;

    free(line);
    return result;
}
