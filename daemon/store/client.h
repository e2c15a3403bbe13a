// SPDX-License-Identifier: Apache-2.0
// Clients, tokens, and who may call. A token's record and the entry of its hash change together. All
// functions but the pure ones: 0, STORE_E_NOT_FOUND where there is nothing, or a fault; outputs are set on 0
// only, in arena.
#ifndef STORE_CLIENT_H
#define STORE_CLIENT_H

#include "base/arena.h"
#include "base/attr.h"
#include <kansen/v1/client.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

struct store;
struct txn;

#define TOKEN_HASH_BYTES 32u // keyed BLAKE2b of a token's bytes

// ---- Reading

int client_get(struct txn *txn, const char *name, struct arena *arena, Kansen__V1__Client **out) MUST_CHECK;
int token_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__StoredToken **out) MUST_CHECK;

// The client with the smallest name above `after`, the token with the smallest id above `after` ("" and 0 =
// from the start).
int client_next(struct txn *txn, const char *after, struct arena *arena, Kansen__V1__Client **out) MUST_CHECK;
int token_next(struct txn *txn, uint64_t after, struct arena *arena,
               Kansen__V1__StoredToken **out) MUST_CHECK;

// The token with this hash that is not revoked. The way through the table takes a time that depends on the
// hash, which says nothing of the token to who has no key; the record's own hash is compared in constant
// time.
int token_find(struct txn *txn, const uint8_t hash[TOKEN_HASH_BYTES], struct arena *arena,
               Kansen__V1__StoredToken **out) MUST_CHECK;

// ---- Who may call

// What whoever may not is told, without the reason: it is nobody's business who does not come by a token.
#define CLIENT_REFUSAL                                                                                       \
    "the token or certificate is not valid: it is not known, was revoked, has expired, or its client is "    \
    "suspended"

// Whether a client may call at a time (microseconds since 1970) by one of its tokens (NULL = by none but a
// certificate, where the client's record allows that). Pure.
bool client_may_call(const Kansen__V1__Client *client, const Kansen__V1__Token *token, int64_t now_us);

// The same by name and id (0 = by no token), as the transaction sees it. What is not there may not.
int client_may_still(struct txn *txn, const char *name, uint64_t token, int64_t now_us, struct arena *arena,
                     bool *may) MUST_CHECK;

// Counts the commits since the store was opened that changed a client or a token: while it stays, who could
// call still may, but for what has expired. It is counted up before anyone hears of the commit. Any thread.
uint64_t client_generation(struct store *store);

// Whether the transaction itself has changed one.
bool client_changed(const struct txn *txn);

// ---- Writing, in a write transaction. 0 or a fault.

int client_put(struct txn *txn, const Kansen__V1__Client *client) MUST_CHECK;

// Puts a token; old is the stored one, or NULL for a new one. One that was revoked loses its hash.
int token_put(struct txn *txn, const Kansen__V1__StoredToken *token,
              const Kansen__V1__StoredToken *old) MUST_CHECK;

#endif
