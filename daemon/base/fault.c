// SPDX-License-Identifier: Apache-2.0
// Filling a fault. Text that is too long is cut before a character, never inside one.
#include "base/fault.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
cut_to_characters(char *text, size_t size, size_t wanted)
{
    size_t end = size - 1;

    if (wanted < size)
        return;
    while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80)
        end--; // continuation bytes of a character whose end was cut off
    if (end > 0 && (unsigned char)text[end - 1] >= 0xC0)
        end--; // and its first byte
    text[end] = '\0';
}

void
fault_fill(struct fault *fault, enum code code, const char *field, const char *format, ...)
{
    va_list args;
    int wanted;

    fault->code = code;
    fault->retry_after_ms = 0;
    snprintf(fault->field, sizeof fault->field, "%s", field);
    va_start(args, format);
    wanted = vsnprintf(fault->message, sizeof fault->message, format, args);
    va_end(args);
    cut_to_characters(fault->message, sizeof fault->message, wanted < 0 ? 0 : (size_t)wanted);
}
