// SPDX-License-Identifier: Apache-2.0
// Random queries for the stores of offers_fixture.h: every field of a query, one by one and together, and
// often at an edge of the offers that are there.
#ifndef TESTS_UNIT_QUERIES_FIXTURE_H
#define TESTS_UNIT_QUERIES_FIXTURE_H

#include "match/query.h"
#include "tests/unit/offers_fixture.h"

// The rows of a store, by id.
struct rows {
    struct offer_row *rows;
    size_t n;
};

static inline struct rows
rows_read(struct txn *txn)
{
    struct rows rows = {calloc(16384, sizeof *rows.rows), 0};
    uint64_t after = 0;

    assert_non_null(rows.rows);
    while (rows.n < 16384 && offer_row_next(txn, after, &rows.rows[rows.n]) == 0)
        after = rows.rows[rows.n++].offer_id;
    return rows;
}

static inline struct geo_point
queries_spot(const struct rows *rows)
{
    if (rows->n == 0 || offers_one_in(4))
        return offers_place();
    return rows->rows[offers_below((unsigned)rows->n)].position;
}

// Often just so far that an offer is in, or just out.
static inline uint32_t
queries_radius(const struct rows *rows, struct geo_point origin)
{
    static const uint32_t radii[] = {1, 50, 2000, 10000, 25000, 60000, 200000, 500000};
    uint32_t radius = geo_distance_m(origin, queries_spot(rows)) - offers_below(2);

    if (offers_one_in(2) || radius == 0 || radius > QUERY_RADIUS_MAX_M)
        return radii[offers_below(OFFERS_COUNT(radii))];
    return radius;
}

static inline void
queries_fill_place(struct offers *offers, const struct rows *rows, Kansen__V1__Query *query)
{
    static char *const regions[] = {(char *)"NL",         (char *)"PV28",   (char *)"PV27",
                                    (char *)"GM0606",     (char *)"GM0503", (char *)"GM0001",
                                    (char *)"PL0606-oost"};
    struct geo_point origin = queries_spot(rows);
    bool point = !offers_one_in(6);

    if (!point || offers_one_in(6))
        query->region = regions[offers_below(OFFERS_COUNT(regions))];
    if (point && offers_one_in(5)) {
        query->origin_case = KANSEN__V1__QUERY__ORIGIN_FROM_REGION;
        query->from_region = regions[offers_below(OFFERS_COUNT(regions))];
    } else if (point) {
        query->origin_case = KANSEN__V1__QUERY__ORIGIN_AT;
        query->at = offers_point(offers, origin);
    }
    if (offers_one_in(5))
        return; // as far as is usual
    query->radius_case = KANSEN__V1__QUERY__RADIUS_RADIUS_M;
    query->radius_m = query->region[0] != '\0' && offers_one_in(2) ? 0 : queries_radius(rows, origin);
}

static inline void
queries_fill_interests(struct offers *offers, Kansen__V1__Query *query)
{
    char **codes;
    size_t n = offers_texts(offers, offers_interests, OFFERS_COUNT(offers_interests), 1,
                            offers_one_in(6) ? OFFERS_COUNT(offers_interests) : 3, &codes);

    query->interests = arena_array(offers->fixture.arena, n, sizeof *query->interests);
    assert_non_null(query->interests);
    for (size_t i = 0; i < n; i++) {
        Kansen__V1__WantedInterest *wanted = arena_alloc(offers->fixture.arena, sizeof *wanted);

        assert_non_null(wanted);
        kansen__v1__wanted_interest__init(wanted);
        wanted->code = codes[i];
        wanted->weight = offers_one_in(2) ? 0 : 1 + offers_below(100);
        query->interests[query->n_interests++] = wanted;
    }
}

// Filters that ask about the student, one in `rarity` of each.
static inline void
queries_fill_student(struct offers *offers, Kansen__V1__Query *query, unsigned rarity)
{
    if (offers_one_in(rarity))
        query->n_levels = offers_values(offers, 16, 4, &query->levels);
    if (offers_one_in(rarity)) {
        query->age_given_case = KANSEN__V1__QUERY__AGE_GIVEN_AGE;
        query->age = 10 + offers_below(16);
    }
    if (offers_one_in(rarity))
        query->qualification = OFFERS_CREBO + offers_below(3);
    if (offers_one_in(rarity)) {
        query->max_cost_case = KANSEN__V1__QUERY__MAX_COST_MAX_COST_CENTS;
        query->max_cost_cents = 500 * offers_below(3) + offers_below(2);
        query->n_funds = offers_texts(offers, offers_funds, OFFERS_COUNT(offers_funds), 0, 2, &query->funds);
    }
    if (offers_one_in(rarity))
        query->n_needs = offers_values(offers, 5, 2, &query->needs);
    if (offers_one_in(rarity))
        query->n_languages =
            offers_texts(offers, offers_languages, OFFERS_COUNT(offers_languages), 1, 2, &query->languages);
    query->referred = offers_one_in(3);
    if (offers_one_in(2))
        query->transition = (Kansen__V1__Transition)(1 + offers_below(12));
}

static inline void
queries_fill_offer(struct offers *offers, Kansen__V1__Query *query, unsigned rarity)
{
    int32_t from = (int32_t)offers_below(20) - 10;

    if (offers_one_in(rarity))
        query->n_kinds = offers_values(offers, 5, 3, &query->kinds);
    if (offers_one_in(rarity))
        query->n_partner_kinds = offers_values(offers, 6, 4, &query->partner_kinds);
    if (offers_one_in(rarity))
        query->from_date = offers_date(offers, from, from);
    if (offers_one_in(rarity))
        query->to_date = offers_date(offers, from, from + 10);
    if (offers_one_in(rarity))
        query->n_weekdays = offers_values(offers, 7, 4, &query->weekdays);
    if (offers_one_in(2))
        query->as_of = offers_date(offers, -4, 4);
}

static inline void
queries_fill_page(struct offers *offers, Kansen__V1__Query *query)
{
    static const uint32_t limits[] = {0, 1, 2, 7, 20, 100}, weights[] = {0, 1, 30, 100};
    Kansen__V1__Weights *given = arena_alloc(offers->fixture.arena, sizeof *given);

    assert_non_null(given);
    query->limit = limits[offers_below(OFFERS_COUNT(limits))];
    query->max_per_partner = offers_one_in(3) ? 1 + offers_below(3) : 0;
    query->tie_seed = (uint64_t)random() << 33 ^ (uint64_t)random();
    query->want_total = offers_one_in(5);
    query->facets = offers_one_in(8);
    query->discover = offers_one_in(3) ? 1 + offers_below(QUERY_DISCOVER_MAX) : 0;
    kansen__v1__weights__init(given);
    given->interest = weights[offers_below(4)];
    given->proximity = weights[offers_below(4)];
    given->transition = weights[offers_below(4)];
    if (offers_one_in(2) && given->interest + given->proximity + given->transition != 0)
        query->weights = given;
}

// A query that is valid, in the arena until it is reset.
static inline Kansen__V1__Query
queries_random(struct offers *offers, const struct rows *rows)
{
    static const unsigned rarities[] = {1000, 8, 3, 2};
    unsigned rarity = rarities[offers_below(4)];
    Kansen__V1__Query query = KANSEN__V1__QUERY__INIT;

    queries_fill_place(offers, rows, &query);
    if (!offers_one_in(6))
        queries_fill_interests(offers, &query);
    queries_fill_student(offers, &query, rarity);
    queries_fill_offer(offers, &query, rarity);
    queries_fill_page(offers, &query);
    return query;
}

#endif
