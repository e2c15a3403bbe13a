// SPDX-License-Identifier: Apache-2.0
// Unicode by utf8proc.
#include "base/text.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static bool
is_control(utf8proc_int32_t c, bool lines)
{
    if (lines && (c == '\t' || c == '\n'))
        return false;
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

// Whether eight bytes are all printable ASCII, each of them a character. A byte below the space borrows into
// its high bit, and DEL carries into it.
static bool
are_plain(const char *eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t bytes;

    memcpy(&bytes, eight, sizeof bytes);
    return ((bytes | (bytes - ones * 0x20) | (bytes + ones)) & (ones * 0x80)) == 0;
}

enum text_flaw
text_check(const char *text, size_t len, bool lines, size_t *characters)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
    size_t at = 0, count = 0;

    if (memchr(text, '\0', len) != NULL)
        return TEXT_NUL;
    while (at < len) {
        utf8proc_int32_t c;
        utf8proc_ssize_t used;

        if (len - at >= 8 && are_plain(text + at)) {
            at += 8;
            count += 8;
            continue;
        }
        used = utf8proc_iterate(bytes + at, (utf8proc_ssize_t)(len - at), &c);
        if (used <= 0)
            return TEXT_NOT_UTF8;
        if (is_control(c, lines))
            return TEXT_CONTROL;
        at += (size_t)used;
        count++;
    }
    if (characters != NULL)
        *characters = count;
    return TEXT_FINE;
}

static void
squeeze_spaces(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        bool space = *from == ' ' || *from == '\t' || *from == '\n';

        if (!space)
            *to++ = *from;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    }
    if (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
}

static bool
is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

static void
lower_ascii(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

// A copy, folded but for its spaces.
static char *
fold_unicode(struct arena *arena, const char *text)
{
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t len;
    char *copy;

    len = utf8proc_map((const utf8proc_uint8_t *)text, 0, &folded,
                       UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                           UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD);
    if (len < 0)
        return NULL;
    copy = arena_strndup(arena, (const char *)folded, (size_t)len);
    free(folded);
    return copy;
}

char *
text_fold(struct arena *arena, const char *text)
{
    // Nearly all text is ASCII, and of that only the capitals fold.
    bool ascii = is_ascii(text);
    char *copy = ascii ? arena_strdup(arena, text) : fold_unicode(arena, text);

    if (copy == NULL)
        return NULL;
    if (ascii)
        lower_ascii(copy);
    squeeze_spaces(copy);
    return copy;
}
