// SPDX-License-Identifier: Apache-2.0
#include "client/verify/utf.h"
#include <stdint.h>

// Length of the character that begins with this byte; 0 = none does.
static size_t
length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

bool
utf_printable(struct slice text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

    for (size_t at = 0; at < text.len;) {
        size_t len = length((unsigned char)text.at[at]);
        uint32_t point = (unsigned char)text.at[at] & mask[len];

        if (len == 0 || len > text.len - at)
            return false;
        for (size_t i = 1; i < len; i++) {
            unsigned char byte = (unsigned char)text.at[at + i];

            if ((byte & 0xc0) != 0x80)
                return false;
            point = point << 6 | (byte & 0x3f);
        }
        if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) || point < 0x20 ||
            (point >= 0x7f && point <= 0x9f))
            return false;
        at += len;
    }
    return true;
}
