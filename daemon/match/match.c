// SPDX-License-Identifier: Apache-2.0
// A match from end to end: resolve the query, search, and put the page together.
#include "match/match.h"
#include "match/cursor.h"
#include "match/encode.h"
#include "match/page.h"
#include "match/query.h"
#include "match/search.h"
#include "store/store.h"

static int
read_cursor(struct search *search, struct query *query, const Kansen__V1__Query *wire, struct fault *fault)
{
    struct cursor cursor;
    uint64_t digest;
    int r;

    if (wire->cursor.len == 0)
        return 0;
    r = cursor_digest(query, wire, search->arena, &digest);
    if (r == 0)
        r = cursor_open(query, wire, digest, &cursor, fault);
    if (r != 0)
        return r;
    search->continues = true;
    search->after = (struct ranked){
        .score = cursor.score,
        .mix = rank_mix(cursor.offer_id, query->tie_seed),
        .offer_id = cursor.offer_id,
    };
    return 0;
}

// Makes the page; where something follows, with a cursor behind its last match.
static int
make_page(struct search *search, const Kansen__V1__Query *wire, struct match_page **out)
{
    const struct rank *matches = &search->matches;
    struct cursor cursor = {.as_of = search->query->as_of};
    int r;

    if (!search->follows)
        return page_make(search, NULL, out);
    cursor.score = matches->best[matches->n - 1].score;
    cursor.offer_id = matches->best[matches->n - 1].offer_id;
    r = cursor_digest(search->query, wire, search->arena, &cursor.digest);
    return r == 0 ? page_make(search, &cursor, out) : r;
}

int
match_run(struct txn *txn, const Kansen__V1__MatchRequest *request, int32_t today, struct arena *arena,
          struct effort *effort, struct match_page **out, struct fault *fault)
{
    const struct catalog *catalog;
    struct query query;
    struct search search = {.txn = txn, .arena = arena, .query = &query, .effort = effort};
    int r = txn_catalog(txn, &catalog);

    if (r == 0)
        r = query_resolve(txn, catalog, request->query, today, arena, &query, fault);
    if (r == 0)
        r = read_cursor(&search, &query, request->query, fault);
    if (r == 0)
        r = search_run(&search);
    return r == 0 ? make_page(&search, request->query, out) : r;
}

size_t
match_page_count(const struct match_page *page)
{
    return page->n_matches;
}

uint64_t
match_page_offer(const struct match_page *page, size_t i)
{
    return page->matches[i].offer_id;
}

const uint8_t *
match_page_cursor(const struct match_page *page, size_t *len)
{
    *len = CURSOR_BYTES;
    return page->has_cursor ? page->cursor : NULL;
}

size_t
match_page_size(const struct match_page *page)
{
    return page->size;
}

void
match_page_write(const struct match_page *page, uint8_t *to)
{
    encode_page(page, to);
}
