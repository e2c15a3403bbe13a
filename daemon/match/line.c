// SPDX-License-Identifier: Apache-2.0
// Invariant: text[len] is 0, and len < LINE_MAX_BYTES.
#include "match/line.h"
#include <stdarg.h>
#include <stdio.h>

void
line_start(struct line *line)
{
    line->len = 0;
    line->text[0] = '\0';
}

void
line_add(struct line *line, const char *format, ...)
{
    size_t room = sizeof line->text - line->len;
    va_list args;
    int wanted;

    va_start(args, format);
    wanted = vsnprintf(line->text + line->len, room, format, args);
    va_end(args);
    if (wanted >= 0 && (size_t)wanted < room)
        line->len += (size_t)wanted;
    line->text[line->len] = '\0';
}

void
line_item(struct line *line, const char *item)
{
    line_add(line, "%s%s", line->len == 0 ? "" : ", ", item);
}
