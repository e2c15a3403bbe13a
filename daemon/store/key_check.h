// SPDX-License-Identifier: Apache-2.0
// What the store keeps to know the hash key again that its hashes were made with: a keyed hash of a constant,
// which tells nothing of the key. It is no record: neither the digest of a store nor its exports have it. A
// store that was made before there was one has none.
#ifndef STORE_KEY_CHECK_H
#define STORE_KEY_CHECK_H

#include "base/attr.h"
#include <stdint.h>

#define KEY_CHECK_BYTES 32u

struct store;
struct txn;

// 0, STORE_E_NOT_FOUND or a fault.
int key_check_get(struct txn *txn, uint8_t out[KEY_CHECK_BYTES]) MUST_CHECK;

// Puts it durably, in a transaction of its own; NULL takes it away. 0 or a fault. While no writer runs.
int key_check_set(struct store *store, const uint8_t check[KEY_CHECK_BYTES]) MUST_CHECK;

#endif
