// SPDX-License-Identifier: Apache-2.0
#include "client/verify/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PIECE_MAX 512u // bytes of what is formatted at once

void
text_clear(struct text *text)
{
    text->len = 0;
}

void
text_add_slice(struct text *text, struct slice slice)
{
    if (text->len + slice.len > text->room) {
        size_t room = (text->len + slice.len) * 2 + PIECE_MAX;
        char *more = realloc(text->bytes, room);

        if (more == NULL) {
            text->short_of_memory = true;
            return;
        }
        text->bytes = more;
        text->room = room;
    }
    if (slice.len > 0)
        memcpy(text->bytes + text->len, slice.at, slice.len);
    text->len += slice.len;
}

void
text_add(struct text *text, const char *format, ...)
{
    char piece[PIECE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    text_add_slice(text, slice_of(piece));
}

void
text_free(struct text *text)
{
    free(text->bytes);
}
