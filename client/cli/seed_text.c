// SPDX-License-Identifier: Apache-2.0
// A walk over the line that knows strings and nesting, and nothing else of JSON: whether the line is JSON at
// all, the library says.
#include "client/cli/seed_text.h"
#include <stdlib.h>
#include <string.h>

#define KEY "\"tie_seed\""

static size_t
skip_string(const char *line, size_t len, size_t at)
{
    for (at++; at < len && line[at] != '"'; at++)
        if (line[at] == '\\')
            at++;
    return at < len ? at + 1 : len;
}

static size_t
skip_spaces(const char *line, size_t len, size_t at)
{
    while (at < len && strchr(" \t\r\n", line[at]) != NULL)
        at++;
    return at;
}

static size_t
skip_digits(const char *line, size_t len, size_t at)
{
    while (at < len && line[at] >= '0' && line[at] <= '9')
        at++;
    return at;
}

// Where the value starts, if a member "tie_seed" starts at `at`; len if none does.
static size_t
value_of_member(const char *line, size_t len, size_t at)
{
    const size_t key_len = sizeof KEY - 1;

    if (len - at < key_len || memcmp(line + at, KEY, key_len) != 0)
        return len;
    at = skip_spaces(line, len, at + key_len);
    return at < len && line[at] == ':' ? skip_spaces(line, len, at + 1) : len;
}

// Where the value of the top-level member starts; len if there is none.
static size_t
find_value(const char *line, size_t len)
{
    unsigned depth = 0;

    for (size_t at = 0; at < len;) {
        size_t value = depth == 1 ? value_of_member(line, len, at) : len;

        if (value < len)
            return value;
        if (line[at] == '"') {
            at = skip_string(line, len, at);
            continue;
        }
        if (line[at] == '{' || line[at] == '[')
            depth++;
        else if ((line[at] == '}' || line[at] == ']') && depth > 0)
            depth--;
        at++;
    }
    return len;
}

char *
seed_text_quote(const char *line, size_t len, size_t *out_len)
{
    size_t start = find_value(line, len), digits = start, end;
    char *copy;

    if (start < len && line[start] == '-') // wrong, but to be told as a seed's fault
        digits++;
    end = skip_digits(line, len, digits);
    copy = end > digits ? malloc(len + 2) : NULL;
    if (copy == NULL)
        return NULL;
    memcpy(copy, line, start);
    copy[start] = '"';
    memcpy(copy + start + 1, line + start, end - start);
    copy[end + 1] = '"';
    memcpy(copy + end + 2, line + end, len - end);
    *out_len = len + 2;
    return copy;
}
