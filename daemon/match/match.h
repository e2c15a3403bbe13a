// SPDX-License-Identifier: Apache-2.0
// Matching, as MATCHING defines it: exact, deterministic, a pure function of a snapshot and a query. One
// thread per transaction; memory from the arena.
#ifndef MATCH_MATCH_H
#define MATCH_MATCH_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/effort.h"
#include "base/fault.h"
#include <kansen/v1/match.pb-c.h>
#include <kansen/v1/protocol.pb-c.h>
#include <stddef.h>
#include <stdint.h>

struct txn;

// The answer to a query: a kansen.v1.MatchResponse that is about to be written.
struct match_page;

// Answers a query on the snapshot of txn (which has begun). today is the UTC date in days since 1970, used
// where the query names no as_of. 0 with *out, in the arena and only while the snapshot is open; FAULT with
// fault filled for a query that is not valid; or a store fault (memory that runs out is STORE_FAULT_MEMORY).
// With an effort (NULL = no bound) also an effort_outcome.
int match_run(struct txn *txn, const Kansen__V1__MatchRequest *request, int32_t today, struct arena *arena,
              struct effort *effort, struct match_page **out, struct fault *fault) MUST_CHECK;

// How many bytes the packed answer takes, and writing them.
size_t match_page_size(const struct match_page *page);
void match_page_write(const struct match_page *page, uint8_t *to);

// The offers of an answer in their order, and its cursor (NULL = nothing follows), whose bytes are the
// page's.
size_t match_page_count(const struct match_page *page);
uint64_t match_page_offer(const struct match_page *page, size_t i);
const uint8_t *match_page_cursor(const struct match_page *page, size_t *len);

// Says for one offer its parts, or the first reason why it does not match. Same results; NOT_FOUND if there
// is no such offer.
int explain_run(struct txn *txn, const Kansen__V1__ExplainRequest *request, int32_t today,
                struct arena *arena, Kansen__V1__ExplainResponse **out, struct fault *fault) MUST_CHECK;

// Looks interests or regions up by what a person typed.
int lookup_interests(struct txn *txn, const Kansen__V1__FindInterestsRequest *request, struct arena *arena,
                     Kansen__V1__FindInterestsResponse **out, struct fault *fault) MUST_CHECK;
int lookup_regions(struct txn *txn, const Kansen__V1__FindRegionsRequest *request, struct arena *arena,
                   Kansen__V1__FindRegionsResponse **out, struct fault *fault) MUST_CHECK;

#endif
