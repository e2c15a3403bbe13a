// SPDX-License-Identifier: Apache-2.0
// The tree over the lines of all students (RFC 6962, section 2.1, with BLAKE2b-256). Pure; any thread.
#ifndef VERIFY_MERKLE_H
#define VERIFY_MERKLE_H

#include "client/verify/digest.h"

#define MERKLE_LEVELS 64u

// The root as leaves come. An all-zero struct has none.
struct merkle {
    uint64_t n;
    uint8_t peaks[MERKLE_LEVELS][DIGEST_BYTES]; // of complete subtrees, by height
};

void merkle_add(struct merkle *merkle, const uint8_t leaf[DIGEST_BYTES]);
void merkle_root(const struct merkle *merkle, uint8_t root[DIGEST_BYTES]);

// The salt of a student's leaf.
void merkle_salt(const uint8_t receipt_key[DIGEST_BYTES], struct slice ref, uint8_t salt[DIGEST_BYTES]);

// Of the lines of a student in input, result and explanations, each with its LF.
void merkle_leaf(const uint8_t salt[DIGEST_BYTES], const struct slice lines[3], uint8_t leaf[DIGEST_BYTES]);

// Goes from leaf index of n up by a path (RFC 9162, section 2.1.3.2). Whether it leads to this root.
bool merkle_leads(const uint8_t leaf[DIGEST_BYTES], uint64_t index, uint64_t n,
                  const uint8_t (*path)[DIGEST_BYTES], size_t path_len, const uint8_t root[DIGEST_BYTES]);

#endif
