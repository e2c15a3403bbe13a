// SPDX-License-Identifier: Apache-2.0
// A Merkle tree over the lines of a result, so that a student can check that its own line is in what was
// published, and sees no one else's (RFC 6962, section 2.1, with BLAKE2b-256 for the hash):
//   leaf H(0x00 line), inner node H(0x01 left right); of n leaves the left subtree has the greatest power of
//   two below n. A line is hashed with its LF. Pure; any thread.
#ifndef COHORT_MERKLE_H
#define COHORT_MERKLE_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MERKLE_BYTES    32u
#define MERKLE_MAX_PATH 32u // hashes of a path, for less than 2^32 leaves

// The root as the leaves come, in constant memory. An all-zero struct has no leaf.
struct merkle {
    uint32_t n;
    uint8_t peaks[MERKLE_MAX_PATH][MERKLE_BYTES]; // of complete subtrees, by their height
};
void merkle_add(struct merkle *merkle, const void *line, size_t len);
void merkle_root(const struct merkle *merkle, uint8_t root[MERKLE_BYTES]); // of no leaf: the hash of nothing

void merkle_leaf(const void *line, size_t len, uint8_t leaf[MERKLE_BYTES]);

// The path of one of n leaves (n >= 1), from the leaf up; returns how many hashes it has.
size_t merkle_path(const uint8_t (*leaves)[MERKLE_BYTES], uint32_t n, uint32_t index,
                   uint8_t path[MERKLE_MAX_PATH][MERKLE_BYTES]);

// Whether this line is leaf index of n under this root.
bool merkle_holds(const void *line, size_t len, uint32_t n, uint32_t index,
                  const uint8_t (*path)[MERKLE_BYTES], size_t path_len,
                  const uint8_t root[MERKLE_BYTES]) MUST_CHECK;

#endif
