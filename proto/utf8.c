// SPDX-License-Identifier: Apache-2.0
// Sequences are told by their first byte; the range of the second byte excludes what RFC 3629 forbids.
#include "proto/utf8.h"
#include <stdint.h>
#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS  UINT64_C(0x0101010101010101)

// Length of the sequence that starts at text, or 0 if there is none.
static size_t
sequence(const unsigned char *text, size_t len)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t n = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

    if (text[0] < 0xc2 || text[0] > 0xf4 || len < n)
        return 0;
    if (text[0] == 0xe0)
        low = 0xa0;
    else if (text[0] == 0xed)
        high = 0x9f;
    else if (text[0] == 0xf0)
        low = 0x90;
    else if (text[0] == 0xf4)
        high = 0x8f;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool
utf8_plain(const char *text, size_t len)
{
    size_t i = 0;

    for (; len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t eight;

        memcpy(&eight, text + i, sizeof eight);
        if (((eight | (eight - LOW_BITS)) & HIGH_BITS) != 0) // a byte with its high bit, or a 0 that borrows
            return false;
    }
    for (; i < len; i++)
        if ((signed char)text[i] <= 0)
            return false;
    return true;
}

bool
utf8_valid(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t i = 0;

    while (i < len) {
        uint64_t eight;
        size_t n = 1;

        if (len - i >= sizeof eight) {
            memcpy(&eight, bytes + i, sizeof eight);
            if ((eight & HIGH_BITS) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        if (bytes[i] >= 0x80)
            n = sequence(bytes + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

size_t
utf8_cut(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}
