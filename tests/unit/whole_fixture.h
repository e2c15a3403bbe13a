// SPDX-License-Identifier: Apache-2.0
// What a query finds by a look at every row. It knows nothing of blocks: it is made of the row's own rules
// (eligible.c, score.c, rank.c).
#ifndef TESTS_UNIT_WHOLE_FIXTURE_H
#define TESTS_UNIT_WHOLE_FIXTURE_H

#include "match/eligible.h"
#include "match/rank.h"
#include "tests/unit/queries_fixture.h"

#define WHOLE_KINDS   16u
#define WHOLE_REGIONS 64u
#define WHOLE_ROOTS   64u

struct counts {
    uint64_t kind[WHOLE_KINDS], partner_kind[WHOLE_KINDS], root[WHOLE_ROOTS], municipality[WHOLE_REGIONS],
        province[WHOLE_REGIONS];
};

struct whole {
    struct ranked *matches, *strange; // all of them, in order
    size_t n_matches, n_strange;
    struct counts counts;
};

static inline int
whole_compare(const void *a, const void *b)
{
    return rank_before(a, b) ? -1 : rank_before(b, a);
}

static inline void
whole_count_offer(const struct catalog *catalog, const struct offer_row *row, struct counts *counts)
{
    const struct region *municipality = catalog_region(catalog, row->municipality);
    bool known[WHOLE_ROOTS] = {false};

    counts->kind[row->kind]++;
    counts->partner_kind[row->partner_kind]++;
    for (size_t i = 0; i < OFFER_INTERESTS_MAX && row->interests[i] != 0; i++) {
        uint16_t root = catalog_interest(catalog, row->interests[i])->root;

        counts->root[root] += !known[root];
        known[root] = true;
    }
    if (municipality == NULL)
        return;
    counts->municipality[municipality->id]++;
    if (municipality->province != 0)
        counts->province[municipality->province]++;
}

// Whether none of an offer's interests has a root in common with those that are wanted.
static inline bool
whole_is_strange(const struct query *query, const struct offer_row *row)
{
    for (size_t i = 0; i < OFFER_INTERESTS_MAX && row->interests[i] != 0; i++)
        for (uint32_t j = 0; j < query->n_wanted; j++)
            if (catalog_interest(query->catalog, row->interests[i])->root ==
                catalog_interest(query->catalog, query->wanted[j].id)->root)
                return false;
    return true;
}

static inline struct ranked
whole_rank_row(const struct query *query, struct candidate *candidate, bool count_interest)
{
    const struct offer_row *row = &candidate->row;
    struct score score = score_of(query, candidate, count_interest);

    return (struct ranked){
        .score = score.total,
        .interest = (uint16_t)score.interest,
        .proximity = (uint16_t)score.proximity,
        .transition = (uint16_t)score.transition,
        .remote = !score_has_distance(row),
        .distance_m = score_has_distance(row) ? geo_distance_m(query->origin.point, row->position) : 0,
        .mix = rank_mix(row->offer_id, query->tie_seed),
        .offer_id = row->offer_id,
        .group = count_interest ? row->partner_id : catalog_interest(query->catalog, row->interests[0])->root,
    };
}

// Looks at all rows; whole_free gives back what it takes.
static inline struct whole
whole_look(struct txn *txn, const struct rows *rows, const struct query *query, struct arena *arena)
{
    struct whole whole = {.matches = calloc(rows->n + 1, sizeof(struct ranked)),
                          .strange = calloc(rows->n + 1, sizeof(struct ranked))};
    struct eligible eligible;

    assert_non_null(whole.matches);
    assert_non_null(whole.strange);
    assert_int_equal(eligible_init(&eligible, txn, query, arena), 0);
    for (size_t i = 0; i < rows->n; i++) {
        struct candidate candidate = {.row = rows->rows[i]};
        Kansen__V1__Reason reason;

        score_renew(&candidate);
        assert_int_equal(eligible_check(&eligible, &candidate, &reason), 0);
        if (reason == KANSEN__V1__REASON__REASON_UNSPECIFIED) {
            whole.matches[whole.n_matches++] = whole_rank_row(query, &candidate, true);
            whole_count_offer(query->catalog, &candidate.row, &whole.counts);
        } else if (reason == KANSEN__V1__REASON__REASON_INTEREST && whole_is_strange(query, &candidate.row)) {
            whole.strange[whole.n_strange++] = whole_rank_row(query, &candidate, false);
        }
    }
    qsort(whole.matches, whole.n_matches, sizeof *whole.matches, whole_compare);
    qsort(whole.strange, whole.n_strange, sizeof *whole.strange, whole_compare);
    return whole;
}

static inline void
whole_free(struct whole *whole)
{
    free(whole->matches);
    free(whole->strange);
}

// Walks from *at on, passing over groups that have their share. Returns how many were found; *at is behind
// the last that was walked.
static inline size_t
whole_walk(const struct ranked *all, size_t n, size_t limit, uint32_t cap, size_t *at,
           const struct ranked **page)
{
    size_t found = 0;

    for (; *at < n && found < limit; ++*at) {
        uint32_t share = 0;

        for (size_t i = 0; i < found; i++)
            share += page[i]->group == all[*at].group;
        if (cap == 0 || share < cap)
            page[found++] = &all[*at];
    }
    return found;
}

#endif
