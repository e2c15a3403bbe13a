// SPDX-License-Identifier: Apache-2.0
// Base64url by libsodium, whose codec takes a time that does not depend on the bytes.
#include "auth/token.h"
#include <sodium.h>
#include <string.h>

#define VARIANT      sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define PREFIX_BYTES (sizeof TOKEN_PREFIX - 1)
#define ALPHABET     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

_Static_assert(PREFIX_BYTES + sodium_base64_ENCODED_LEN(TOKEN_BYTES, VARIANT) == TOKEN_TEXT_MAX,
               "the text has one length");

void
token_write(const uint8_t bytes[TOKEN_BYTES], char out[TOKEN_TEXT_MAX])
{
    memcpy(out, TOKEN_PREFIX, PREFIX_BYTES);
    sodium_bin2base64(out + PREFIX_BYTES, TOKEN_TEXT_MAX - PREFIX_BYTES, bytes, TOKEN_BYTES, VARIANT);
}

bool
token_read(const char *text, uint8_t out[TOKEN_BYTES])
{
    size_t len = strlen(text), got = 0;

    return len == TOKEN_TEXT_MAX - 1 && strncmp(text, TOKEN_PREFIX, PREFIX_BYTES) == 0 &&
           strspn(text + PREFIX_BYTES, ALPHABET) == len - PREFIX_BYTES && // the codec takes some other bytes
           sodium_base642bin(out, TOKEN_BYTES, text + PREFIX_BYTES, len - PREFIX_BYTES, NULL, &got, NULL,
                             VARIANT) == 0 &&
           got == TOKEN_BYTES;
}
