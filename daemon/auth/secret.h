// SPDX-License-Identifier: Apache-2.0
// The hash key of a data directory, and what is made with it. The key lies in a file of its own beside the
// store (32 random bytes, mode 0600, made at the first start) and is backed up apart from it: without the key
// nobody can tell which reference a stored hash belongs to. Immutable once opened; any thread. BLAKE2b by
// libsodium.
#ifndef AUTH_SECRET_H
#define AUTH_SECRET_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_FILE       "kansen.key"
#define SECRET_HASH_BYTES 32u

struct secret;

// Reads the key of the directory, or makes it when there is none. 0 or FAULT.
int secret_open(const char *dir, struct secret **out, struct fault *fault) MUST_CHECK;
bool secret_exists(const char *dir);     // whether a key is there, readable or not
void secret_free(struct secret *secret); // wipes it; NULL is safe

// Hash of a student's reference, which belongs to the client that made it.
void secret_hash_student(const struct secret *secret, const char *client, const char *reference,
                         uint8_t out[SECRET_HASH_BYTES]);

// Hash of a token's bytes.
void secret_hash_token(const struct secret *secret, const void *bytes, size_t len,
                       uint8_t out[SECRET_HASH_BYTES]);

// Digest of a request's body, to know it again. Keyed, as a body may hold a reference.
void secret_digest(const struct secret *secret, const void *bytes, size_t len,
                   uint8_t out[SECRET_HASH_BYTES]);

// Hash of an idempotency key, which clients may make of a reference. The key is the client's.
void secret_hash_key(const struct secret *secret, const char *client, const char *key,
                     uint8_t out[SECRET_HASH_BYTES]);

// Salt of the students' references in a row of rounds, named by its first one: it follows from the key, so it
// lies in no store and no journal.
void secret_round_salt(const struct secret *secret, const char *series, uint8_t out[SECRET_HASH_BYTES]);

// Hash of a constant, by which the key is known again.
void secret_check(const struct secret *secret, uint8_t out[SECRET_HASH_BYTES]);

// Random bytes.
void secret_random(uint8_t *out, size_t len);

#endif
