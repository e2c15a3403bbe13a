// SPDX-License-Identifier: Apache-2.0
// A match from end to end: resolve the query, walk the offers that can match, keep the best of those that do,
// and answer with their records. Everything that is returned lives in the arena.
#include "match/match.h"
#include "match/answer.h"
#include "match/cursor.h"
#include "match/discover.h"
#include "match/eligible.h"
#include "match/facets.h"
#include "match/query.h"
#include "match/rank.h"
#include "match/scan.h"
#include "match/score.h"
#include "store/catalog.h"
#include "store/store.h"

#define ONE_PER_ROOT 1u

// One match request while it is worked on.
struct run {
    struct txn *txn;
    struct arena *arena;
    const struct catalog *catalog;
    struct query query;
    uint64_t digest;     // of the query, for cursors
    bool continues;      // the query has a cursor
    struct ranked after; // the last offer of the page before, if it continues
    struct eligible eligible;
    struct rank matches, discoveries;
    struct facets *facets; // NULL where not asked for
    uint64_t total;
};

static struct ranked
ranked_of(const struct run *run, struct candidate *candidate, bool count_interest, uint64_t group)
{
    return (struct ranked){
        .score = score_of(&run->query, candidate, count_interest).total,
        .mix = rank_mix(candidate->row.offer_id, run->query.tie_seed),
        .offer_id = candidate->row.offer_id,
        .group = group,
    };
}

static void
take_match(struct run *run, struct candidate *candidate)
{
    struct ranked ranked = ranked_of(run, candidate, true, candidate->row.partner_id);

    run->total++;
    if (run->facets != NULL)
        facets_count(run->facets, &candidate->row);
    if (!run->continues || rank_before(&run->after, &ranked))
        rank_add(&run->matches, &ranked);
}

static void
take_discovery(struct run *run, struct candidate *candidate)
{
    struct ranked ranked;

    if (run->query.discover == 0 || !discover_is_strange(&run->query, &candidate->row))
        return;
    ranked = ranked_of(run, candidate, false, discover_root(&run->query, &candidate->row));
    rank_add(&run->discoveries, &ranked);
}

static int
take(void *arg, struct candidate *candidate)
{
    struct run *run = arg;
    Kansen__V1__Reason reason;
    int r = eligible_check(&run->eligible, candidate, &reason);

    if (r != 0)
        return r;
    if (reason == KANSEN__V1__REASON__REASON_UNSPECIFIED)
        take_match(run, candidate);
    else if (reason == KANSEN__V1__REASON__REASON_INTEREST)
        take_discovery(run, candidate);
    return 0;
}

static int
read_cursor(struct run *run, const Kansen__V1__Query *wire, struct fault *fault)
{
    struct cursor cursor;
    int r = cursor_digest(&run->query, wire, run->arena, &run->digest);

    if (r != 0 || wire->cursor.len == 0)
        return r;
    r = cursor_open(&run->query, wire, run->digest, &cursor, fault);
    if (r != 0)
        return r;
    run->continues = true;
    run->after = (struct ranked){
        .score = cursor.score,
        .mix = rank_mix(cursor.offer_id, run->query.tie_seed),
        .offer_id = cursor.offer_id,
    };
    return 0;
}

static int
prepare(struct run *run)
{
    struct query *query = &run->query;
    int r = eligible_init(&run->eligible, run->txn, query, run->arena);

    if (r == 0)
        r = rank_init(&run->matches, run->arena, query->limit, query->max_per_partner);
    if (r == 0)
        r = rank_init(&run->discoveries, run->arena, query->discover, ONE_PER_ROOT);
    if (r != 0 || !query->facets)
        return r;
    run->facets = facets_new(run->catalog, query, run->arena);
    return run->facets == NULL ? STORE_FAULT_MEMORY : 0;
}

static int
answer_list(struct run *run, const struct rank *rank, bool count_interest, size_t *n,
            Kansen__V1__Match ***out)
{
    Kansen__V1__Match **list = arena_array(run->arena, rank->n, sizeof(Kansen__V1__Match *));

    if (list == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < rank->n; i++) {
        struct answer_offer offer;
        int r = answer_read(run->txn, rank->best[i].offer_id, run->arena, &offer);

        if (r == 0)
            r = answer_match(run->catalog, &run->query, &offer, count_interest, run->arena, &list[i]);
        if (r != 0)
            return r == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : r;
    }
    *n = rank->n;
    *out = list;
    return 0;
}

static int
answer_cursor(const struct run *run, ProtobufCBinaryData *out)
{
    const struct rank *rank = &run->matches;
    struct cursor cursor = {.as_of = run->query.as_of, .digest = run->digest};

    if (!rank_follows(rank))
        return 0;
    cursor.score = rank->best[rank->n - 1].score;
    cursor.offer_id = rank->best[rank->n - 1].offer_id;
    out->data = arena_alloc(run->arena, CURSOR_BYTES);
    if (out->data == NULL)
        return STORE_FAULT_MEMORY;
    out->len = CURSOR_BYTES;
    cursor_encode(&cursor, out->data);
    return 0;
}

static int
answer_run(struct run *run, Kansen__V1__MatchResponse **out)
{
    Kansen__V1__MatchResponse *response = arena_alloc(run->arena, sizeof *response);
    int r;

    if (response == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__match_response__init(response);
    response->as_of_sequence = txn_sequence(run->txn);
    if (run->query.want_total) {
        response->total_given_case = KANSEN__V1__MATCH_RESPONSE__TOTAL_GIVEN_TOTAL;
        response->total = run->total;
    }
    r = answer_list(run, &run->matches, true, &response->n_matches, &response->matches);
    if (r == 0)
        r = answer_list(run, &run->discoveries, false, &response->n_discoveries, &response->discoveries);
    if (r == 0 && run->facets != NULL)
        r = facets_answer(run->facets, run->arena, &response->n_facets, &response->facets);
    if (r == 0)
        r = answer_cursor(run, &response->next_cursor);
    if (r == 0)
        *out = response;
    return r;
}

int
match_run(struct txn *txn, const Kansen__V1__MatchRequest *request, int32_t today, struct arena *arena,
          Kansen__V1__MatchResponse **out, struct fault *fault)
{
    struct run run = {.txn = txn, .arena = arena};
    int r = txn_catalog(txn, &run.catalog);

    if (r == 0)
        r = query_resolve(txn, run.catalog, request->query, today, arena, &run.query, fault);
    if (r == 0)
        r = read_cursor(&run, request->query, fault);
    if (r == 0)
        r = prepare(&run);
    if (r == 0)
        r = scan_run(txn, &run.query, take, &run);
    if (r == 0)
        r = answer_run(&run, out);
    return r;
}
