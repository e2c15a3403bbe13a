// SPDX-License-Identifier: Apache-2.0
// Reading a store's stream into an empty store, piece by piece, each in the transaction of its write. While
// it is read the store says so, also on the disk: nothing else may be done then, and a store that is opened
// in that state is emptied first. The writer's thread.
#ifndef STORE_LOAD_H
#define STORE_LOAD_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include <stddef.h>
#include <stdint.h>

struct txn;

// Reads the piece that stands at offset in the stream; that at 0 begins a stream, for a store that holds no
// partner, offer, placement, client and round. Once the header is there and good, the store is emptied. The
// last piece is taken only when the whole stream is what its trailer says. 0; FAULT: it is not the next
// piece, the store is not empty, or the stream is of no use, which ends it, and the message says whether the
// store is as it was or empty now; or a store fault, after which the stream can only be given up.
int load_piece(struct txn *txn, uint64_t offset, const uint8_t *bytes, size_t len,
               struct fault *fault) MUST_CHECK;

// Gives the stream up: the store is empty, if anything of it was put. FAULT when none is being read.
int load_drop(struct txn *txn, struct fault *fault) MUST_CHECK;

#endif
