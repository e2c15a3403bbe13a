// SPDX-License-Identifier: Apache-2.0
// The Merkle tree over the students of a round, so that a student can check that its own lines are in what
// was published, and sees no one else's: that of RFC 6962, section 2.1, with BLAKE2b-256 (kansen-record(5),
// RECEIPTS). Nodes are paired from the left, level by level; one that is left over goes up as it is. Pure;
// any thread.
#ifndef COHORT_MERKLE_H
#define COHORT_MERKLE_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MERKLE_BYTES    32u
#define MERKLE_MAX_PATH 32u // hashes of a path, for less than 2^32 leaves

// The salt of a student's leaf, H[key]("alloc-leaf-salt-v1" NUL reference): without it, who knows a reference
// could try out what a neighbour's leaf is made of.
void merkle_salt(const uint8_t key[MERKLE_BYTES], const char *ref, size_t ref_len,
                 uint8_t salt[MERKLE_BYTES]);

// H(a byte 0, bytes): of the salt with the lines behind it.
void merkle_leaf(const void *bytes, size_t len, uint8_t leaf[MERKLE_BYTES]);

// The root while the leaves come, in constant memory. An all-zero struct has no leaf.
struct merkle {
    uint32_t n;
    uint8_t peaks[MERKLE_MAX_PATH][MERKLE_BYTES]; // of complete trees, by their height
};
void merkle_add(struct merkle *merkle, const void *bytes, size_t len); // what its leaf is made of
void merkle_add_leaf(struct merkle *merkle, const uint8_t leaf[MERKLE_BYTES]);
void merkle_root(const struct merkle *merkle, uint8_t root[MERKLE_BYTES]); // of no leaf: H of nothing

// The path of leaf index of n: what each level adds, from the leaf upwards. Returns how many hashes it has.
// It leads over the leaves from which the tree was made, which are not changed.
size_t merkle_path(const uint8_t (*leaves)[MERKLE_BYTES], uint32_t n, uint32_t index,
                   uint8_t path[MERKLE_MAX_PATH][MERKLE_BYTES]);

// Whether this leaf is index of n under this root.
bool merkle_holds(const uint8_t leaf[MERKLE_BYTES], uint32_t index, uint32_t n,
                  const uint8_t (*path)[MERKLE_BYTES], size_t path_len,
                  const uint8_t root[MERKLE_BYTES]) MUST_CHECK;

#endif
