// SPDX-License-Identifier: Apache-2.0
// Filling a fault. Text that is too long is cut before a character, never inside one; nor is what it quotes.
#include "base/fault.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Bytes that a character has by its first one.
static size_t
length_by_first(unsigned char first)
{
    return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

// Takes out what is left of characters that were cut: at the end, and inside, where a quoted text was cut to
// fit. The texts themselves are UTF-8.
static void
drop_cut_characters(char *text)
{
    char *to = text;

    for (const char *at = text; *at != '\0';) {
        size_t wanted = length_by_first((unsigned char)*at), len = 1;

        while (len < wanted && ((unsigned char)at[len] & 0xC0) == 0x80)
            len++;
        if (len == wanted) {
            memmove(to, at, len);
            to += len;
        }
        at += len;
    }
    *to = '\0';
}

void
fault_fill(struct fault *fault, enum code code, const char *field, const char *format, ...)
{
    va_list args;

    fault->code = code;
    fault->retry_after_ms = 0;
    snprintf(fault->field, sizeof fault->field, "%s", field);
    va_start(args, format);
    vsnprintf(fault->message, sizeof fault->message, format, args);
    va_end(args);
    drop_cut_characters(fault->message);
}
