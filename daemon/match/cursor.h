// SPDX-License-Identifier: Apache-2.0
// Where a page of matches ended, as bytes that a client hands back. Only kansend reads them.
//
//   version u8 (1) | as_of i32 | score u16 | offer id u64 | digest of the query u64 | checksum u32, all
//   big-endian
//
// The checksum is the low half of XXH3-64 over the bytes before it: it finds accidents, not forgers, who
// would only get another page of what they may see anyway.
#ifndef MATCH_CURSOR_H
#define MATCH_CURSOR_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "match/query.h"
#include <kansen/v1/match.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURSOR_BYTES 27u

struct cursor {
    int32_t as_of;     // of the first page
    uint32_t score;    // of the last offer that was examined
    uint64_t offer_id; // that offer
    uint64_t digest;   // cursor_digest of the query
};

void cursor_encode(const struct cursor *cursor, uint8_t out[CURSOR_BYTES]);
bool cursor_decode(const uint8_t *bytes, size_t len, struct cursor *out) MUST_CHECK; // false: not a cursor

// A number that is the same for two queries that ask the same: defaults filled in, sets as sets, interests in
// any order. The cursor, discover and as_of play no part. 0 or STORE_FAULT_MEMORY.
int cursor_digest(const struct query *query, const Kansen__V1__Query *wire, struct arena *arena,
                  uint64_t *out) MUST_CHECK;

// Reads the cursor of wire, which must have one, and gives the query the as_of of its first page. digest is
// the query's. 0; FAULT if the bytes are no cursor or belong to another query or as_of.
int cursor_open(struct query *query, const Kansen__V1__Query *wire, uint64_t digest, struct cursor *out,
                struct fault *fault) MUST_CHECK;

#endif
