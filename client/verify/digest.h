// SPDX-License-Identifier: Apache-2.0
// BLAKE2b-256 (RFC 7693) by libsodium, and hexadecimal digits. sodium_init must have been called. Pure; any
// thread.
#ifndef VERIFY_DIGEST_H
#define VERIFY_DIGEST_H

#include "client/verify/slice.h"
#include <stdint.h>

#define DIGEST_BYTES 32u
#define DIGEST_TEXT  65u // of its digits with their end

// H, or H[key] if key is not NULL, of n pieces one behind the other.
void digest_make(const uint8_t *key, const struct slice *pieces, size_t n, uint8_t out[DIGEST_BYTES]);

void digest_of(struct slice bytes, uint8_t out[DIGEST_BYTES]);

// Lower-case digits of a digest; returns out.
const char *digest_text(const uint8_t digest[DIGEST_BYTES], char out[DIGEST_TEXT]);

// Reads exactly text.len / 2 bytes from lower-case digits. 0, or -1 if it is anything else.
int digest_parse(struct slice text, uint8_t *out);

#endif
