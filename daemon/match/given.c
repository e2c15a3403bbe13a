// SPDX-License-Identifier: Apache-2.0
// Invariant: out->text is valid UTF-8 if text is, and always terminated.
#include "match/given.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define TAIL "...\""

// Bytes of the character that text starts with; stops at the end of text whatever the bytes say.
static size_t
character_length(const char *text)
{
    size_t length = 1;

    while (((unsigned char)text[length] & 0xC0) == 0x80)
        length++;
    return length;
}

static bool
is_control(const char *text)
{
    unsigned char first = (unsigned char)text[0];

    return first < 0x20 || first == 0x7F || (first == 0xC2 && (unsigned char)text[1] < 0xA0);
}

const char *
given_text(struct given *out, const char *text)
{
    size_t end = 0;

    out->text[end++] = '"';
    while (*text != '\0') {
        size_t length = character_length(text);

        if (end + length + sizeof TAIL > sizeof out->text) {
            memcpy(out->text + end, TAIL, sizeof TAIL);
            return out->text;
        }
        if (is_control(text))
            out->text[end++] = '?';
        else {
            memcpy(out->text + end, text, length);
            end += length;
        }
        text += length;
    }
    memcpy(out->text + end, "\"", sizeof "\"");
    return out->text;
}
