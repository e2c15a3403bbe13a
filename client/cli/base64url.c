// SPDX-License-Identifier: Apache-2.0
// Bits are shifted through a small accumulator, six in or eight out at a time.
#include "client/cli/base64url.h"
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *
base64url_encode(const uint8_t *bytes, size_t len, char *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    char *to = out;

    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            *to++ = letters[bits >> (held - 6) & 63];
    }
    if (held > 0)
        *to++ = letters[bits << (6 - held) & 63];
    *to = '\0';
    return out;
}

long
base64url_decode(const char *text, uint8_t *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    long count = 0;

    for (; *text != '\0'; text++) {
        const char *letter = strchr(letters, *text);

        if (letter == NULL)
            return -1;
        bits = bits << 6 | (uint32_t)(letter - letters);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[count++] = (uint8_t)(bits >> held);
        }
    }
    // What is left must be fewer bits than a character, all of them 0.
    return held < 6 && (bits & ((1u << held) - 1)) == 0 ? count : -1;
}
