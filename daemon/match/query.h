// SPDX-License-Identifier: Apache-2.0
// A query as it is matched: every field checked, codes turned into numbers, defaults filled in. It belongs to
// one transaction and one arena, and does not change once it is resolved.
#ifndef MATCH_QUERY_H
#define MATCH_QUERY_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "base/geo.h"
#include "store/catalog.h"
#include <kansen/v1/match.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct txn;
struct region;

#define QUERY_INTERESTS_MAX  16u
#define QUERY_LEVELS_MAX     4u
#define QUERY_FUNDS_MAX      8u
#define QUERY_LANGUAGES_MAX  8u
#define QUERY_LIMIT_MAX      100u
#define QUERY_DISCOVER_MAX   5u
#define QUERY_WEIGHT_MAX     100u
#define QUERY_RADIUS_MAX_M   500000u
#define QUERY_COST_MAX_CENTS 100000000u
#define QUERY_AGE_MAX        120u
#define QUERY_AGE_NONE       UINT32_MAX
#define QUERY_PROXIMITY_FREE_M                                                                               \
    50000u // stands in for the radius in the proximity part where there is no limit

struct query_wanted {
    uint16_t id; // of the interest
    uint16_t weight;
    uint16_t root;
    uint16_t n_above;
    uint16_t above[CATALOG_DEPTH_MAX]; // ids of those above it, its parent first
};

// Bit n - 1 of a mask stands for enum value n; 0 = all. Dates are days since 1970.
struct query {
    const struct catalog *catalog; // that the numbers below are of
    struct geo_from origin;
    uint32_t radius_m;           // 0 = no distance limit
    const struct region *region; // NULL = anywhere
    const bool *covered;         // by region id: municipality inside region; NULL = anywhere
    size_t n_regions;            // entries of covered

    uint32_t kinds, partner_kinds, levels, weekdays, needs;
    uint32_t transition; // enum value, 0 = none
    uint32_t age;        // QUERY_AGE_NONE where not given
    uint32_t qualification;
    int32_t from, to; // INT32_MIN and INT32_MAX where open
    bool has_max_cost;
    uint32_t max_cost_cents;
    uint32_t n_funds;
    uint16_t funds[QUERY_FUNDS_MAX]; // numbers; funds that no offer has named share nothing and are left out
    uint32_t n_languages;
    uint16_t languages[QUERY_LANGUAGES_MAX];
    bool referred;

    uint32_t n_wanted;
    struct query_wanted wanted[QUERY_INTERESTS_MAX]; // in the order of the request
    uint32_t wanted_weight;                          // sum of their weights

    uint32_t weight_interest, weight_proximity, weight_transition;
    uint32_t limit, max_per_partner, discover;
    uint64_t tie_seed;
    int32_t as_of;
    bool want_total, facets;
};

// Resolves wire (NULL is a fault: a request without a query). today stands in where the query has no as_of.
// The cursor is not looked at, but for its absence where discover is given. 0 with *out filled; FAULT, naming
// the field
// ("query.interests[3].code"), what was given and what is allowed; or a store fault.
int query_resolve(struct txn *txn, const struct catalog *catalog, const Kansen__V1__Query *wire,
                  int32_t today, struct arena *arena, struct query *out, struct fault *fault) MUST_CHECK;

// Similarity of wanted interest i of the query and an offered one, in percent.
unsigned query_similarity(const struct query *query, uint32_t i, uint16_t offered);

#endif
