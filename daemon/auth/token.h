// SPDX-License-Identifier: Apache-2.0
// The text of tokens: "kansen_" and 32 random bytes in base64url (RFC 4648, section 5) without padding, so
// that a token is known as one wherever it turns up. Any thread.
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

#define TOKEN_PREFIX   "kansen_"
#define TOKEN_BYTES    32u
#define TOKEN_TEXT_MAX 51u // bytes with the end

// Writes the text of a token.
void token_write(const uint8_t bytes[TOKEN_BYTES], char out[TOKEN_TEXT_MAX]);

// Reads one. Only what token_write writes is a token: no spaces, no padding, no other spelling of the same
// bytes.
bool token_read(const char *text, uint8_t out[TOKEN_BYTES]) MUST_CHECK;

#endif
