// SPDX-License-Identifier: Apache-2.0
// A line of text that is put together piece by piece. No memory of its own; any thread.
#ifndef MATCH_LINE_H
#define MATCH_LINE_H

#include "base/attr.h"
#include <stddef.h>

// Enough for the longest line that is made: 16 interest codes of 64 bytes, or 8 funds of 32.
#define LINE_MAX_BYTES 2048u

struct line {
    char text[LINE_MAX_BYTES]; // always terminated
    size_t len;
};

// Starts empty.
void line_start(struct line *line);

// Adds formatted text. What does not fit any more is left out as a whole.
void line_add(struct line *line, const char *format, ...) PRINTF_LIKE(2, 3);

// Adds an item of a list: with ", " before it if the line is not empty.
void line_item(struct line *line, const char *item);

#endif
