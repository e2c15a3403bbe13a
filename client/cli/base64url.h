// SPDX-License-Identifier: Apache-2.0
// Base64url without padding (RFC 4648, section 5): how cursors are written as text. Pure; any thread.
#ifndef CLIENT_CLI_BASE64URL_H
#define CLIENT_CLI_BASE64URL_H

#include <stddef.h>
#include <stdint.h>

// Characters, with the end, for len bytes.
#define BASE64URL_TEXT_SIZE(len) (((len)*4 + 2) / 3 + 1)

// Writes len bytes as text; out has room for BASE64URL_TEXT_SIZE(len). Returns out.
char *base64url_encode(const uint8_t *bytes, size_t len, char *out);

// Reads text into out, which has room for 3/4 of its length. Returns the count of bytes, or -1 if text is not
// in the one form that base64url_encode writes.
long base64url_decode(const char *text, uint8_t *out);

#endif
