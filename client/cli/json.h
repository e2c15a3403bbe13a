// SPDX-License-Identifier: Apache-2.0
// Small additions to jansson. Memory that runs out shows as NULL, which jansson passes on; json_print tells
// it.
#ifndef CLIENT_CLI_JSON_H
#define CLIENT_CLI_JSON_H

#include "proto/names.h"
#include <jansson.h>
#include <kansen/v1/common.pb-c.h>

// Sets key of object (any of the two may be NULL: nothing happens) to a string, also one that is no UTF-8, a
// number, a boolean, a word (nothing if the value has none), or a list of words.
void json_put_text(json_t *object, const char *key, const char *text);
void json_put_number(json_t *object, const char *key, uint64_t value);
void json_put_flag(json_t *object, const char *key, int value);
void json_put_word(json_t *object, const char *key, const struct names *names, int value);
void json_put_words(json_t *object, const char *key, const struct names *names, const void *values,
                    size_t count);
void json_put_texts(json_t *object, const char *key, char *const *texts, size_t count);
// lat and lon in degrees; nothing for NULL.
void json_put_point(json_t *object, const Kansen__V1__Point *point);

// The error object that stands for a status: {"error":{"code":..,"field":..,"message":..}}.
json_t *json_error(const char *code, const char *field, const char *message);

// One line of text for a value, which is consumed; free() it. NULL when memory is short.
char *json_line(json_t *value);

// Prints a value, which is consumed, as one line. 0, or -1 when it could not be made or written.
int json_print(json_t *value);

#endif
