// SPDX-License-Identifier: Apache-2.0
// What an answer to a query holds, before it is bytes: for each hit the offer's card, which lies in the
// store, and what the query makes of the offer.
#ifndef MATCH_PAGE_H
#define MATCH_PAGE_H

#include "base/attr.h"
#include "match/cursor.h"
#include "match/score.h"
#include "match/search.h"
#include "store/card.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A wanted interest that an offer meets.
struct met {
    const char *wanted, *offered;
    uint32_t wanted_len, offered_len, similarity;
};

struct hit {
    uint64_t offer_id;
    struct card card;
    struct score score;
    uint32_t distance_m, seats_free;
    bool has_distance;
    uint32_t n_met;
    struct met *met;
    size_t parts_size, size; // of the packed parts and of the whole match; encode_measure fills them
};

struct match_page {
    uint64_t sequence; // of the snapshot's last journal entry
    size_t n_matches, n_discoveries;
    struct hit *matches, *discoveries;
    bool want_total;
    uint64_t total;
    size_t n_facets;
    Kansen__V1__Facet **facets;
    bool has_cursor;
    uint8_t cursor[CURSOR_BYTES];
    size_t size; // packed; encode_measure fills it
};

// A hit of which all but what interests it meets is known; fills that in. 0 or STORE_FAULT_MEMORY.
int page_meet(const struct query *query, struct arena *arena, struct hit *hit) MUST_CHECK;

// Puts together what a search has found, in its arena; it holds as long as the transaction's view. cursor is
// NULL where nothing follows. 0 or a store fault.
int page_make(struct search *search, const struct cursor *cursor, struct match_page **out) MUST_CHECK;

#endif
