// SPDX-License-Identifier: Apache-2.0
// Invariant: what is added is free of control characters, so that a line stays one line.
#include "base/log_text.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void
add(struct log_text *text, const char *bytes, size_t len)
{
    size_t left = text->room - text->len;

    len = len < left ? len : left;
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

void
log_text_print(struct log_text *text, const char *format, ...)
{
    char bytes[LOG_LINE_MAX];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(bytes, sizeof bytes, format, args);
    va_end(args);
    if (len > 0)
        add(text, bytes, (size_t)len < sizeof bytes ? (size_t)len : sizeof bytes - 1);
}

// Adds a text that is escaped, byte by byte where it is not UTF-8.
static void
add_escaped(struct log_text *text, const char *from, bool quoted)
{
    bool is_text = text_check(from, strlen(from), true, NULL) == TEXT_FINE; // else no byte is trusted

    for (; *from != '\0'; from++) {
        unsigned char byte = (unsigned char)*from;

        if (quoted && (byte == '"' || byte == '\\'))
            log_text_print(text, "\\%c", byte);
        else if (byte == '\n')
            add(text, "\\n", 2);
        else if (byte == '\t')
            add(text, "\\t", 2);
        else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !is_text))
            log_text_print(text, "\\x%02x", byte);
        else
            add(text, from, 1);
    }
}

static bool
is_plain_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@+,[]%";

    return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

static void
add_value(struct log_text *text, const struct log_field *field, bool quoted)
{
    const char *value = field->text == NULL ? "" : field->text;

    if (field->kind == LOG_KIND_U64) {
        log_text_print(text, "%" PRIu64, field->u64);
    } else if (field->kind == LOG_KIND_I64) {
        log_text_print(text, "%" PRId64, field->i64);
    } else if (!quoted || is_plain_word(value)) {
        add_escaped(text, value, false);
    } else {
        add(text, "\"", 1);
        add_escaped(text, value, true);
        add(text, "\"", 1);
    }
}

void
log_text_quoted(struct log_text *text, const struct log_field *field)
{
    add_value(text, field, true);
}

void
log_text_plain(struct log_text *text, const struct log_field *field)
{
    add_value(text, field, false);
}

void
log_text_key(struct log_text *text, const char *key)
{
    add(text, "KANSEN_", 7);
    for (; *key != '\0'; key++) {
        char upper = *key >= 'a' && *key <= 'z' ? (char)(*key - 'a' + 'A') : *key;

        add(text, &upper, 1);
    }
    add(text, "=", 1);
}
