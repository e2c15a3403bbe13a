// SPDX-License-Identifier: Apache-2.0
#include "client/verify/digest.h"
#include <sodium.h>

void
digest_make(const uint8_t *key, const struct slice *pieces, size_t n, uint8_t out[DIGEST_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, key != NULL ? DIGEST_BYTES : 0, DIGEST_BYTES);
    for (size_t i = 0; i < n; i++)
        crypto_generichash_update(&state, (const unsigned char *)pieces[i].at, pieces[i].len);
    crypto_generichash_final(&state, out, DIGEST_BYTES);
}

void
digest_of(struct slice bytes, uint8_t out[DIGEST_BYTES])
{
    digest_make(NULL, &bytes, 1, out);
}

const char *
digest_text(const uint8_t digest[DIGEST_BYTES], char out[DIGEST_TEXT])
{
    return sodium_bin2hex(out, DIGEST_TEXT, digest, DIGEST_BYTES);
}

static int
nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
digest_parse(struct slice text, uint8_t *out)
{
    if (text.len % 2 != 0)
        return -1;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = nibble(text.at[i]), low = nibble(text.at[i + 1]);

        if (high < 0 || low < 0)
            return -1;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return 0;
}
