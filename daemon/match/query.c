// SPDX-License-Identifier: Apache-2.0
// Resolves a query field by field; the first field that is wrong is the fault. Places, interests and what the
// student is stand in place.c, wanted.c and student.c.
#include "match/query.h"
#include "base/date.h"
#include "match/given.h"
#include "match/resolve.h"
#include "proto/names.h"
#include "store/catalog.h"

#define DEFAULT_LIMIT             20u
#define DEFAULT_WEIGHT_INTEREST   60u
#define DEFAULT_WEIGHT_PROXIMITY  30u
#define DEFAULT_WEIGHT_TRANSITION 10u

static int
resolve_kinds(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;
    struct query *query = resolve->query;
    int r = resolve_set(resolve, "kinds", &names_offer_kind, wire->kinds, wire->n_kinds, &query->kinds);

    if (r == 0)
        r = resolve_set(resolve, "partner_kinds", &names_partner_kind, wire->partner_kinds,
                        wire->n_partner_kinds, &query->partner_kinds);
    return r;
}

static int
resolve_date(struct resolve *resolve, const char *field, const char *text, int32_t otherwise, int32_t *out)
{
    struct given given;

    *out = otherwise;
    if (text[0] == '\0' || date_parse(text, out) == 0)
        return 0;
    return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, field,
                     "%s is no date; give it as in 2026-08-31, from 1900 to 2199", given_text(&given, text));
}

static int
resolve_period(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;
    struct query *query = resolve->query;
    int r = resolve_date(resolve, "query.from_date", wire->from_date, INT32_MIN, &query->from);

    if (r == 0)
        r = resolve_date(resolve, "query.to_date", wire->to_date, INT32_MAX, &query->to);
    if (r != 0)
        return r;
    if (query->to < query->from)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.to_date",
                         "%s is before from_date, %s; the last day can not be before the first",
                         wire->to_date, wire->from_date);
    return resolve_set(resolve, "weekdays", &names_weekday, wire->weekdays, wire->n_weekdays,
                       &query->weekdays);
}

static int
check_weight(struct resolve *resolve, const char *field, uint32_t weight)
{
    if (weight <= QUERY_WEIGHT_MAX)
        return 0;
    return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, field,
                     "a weight of %u is too much; allowed are 0..%u", (unsigned)weight, QUERY_WEIGHT_MAX);
}

static int
resolve_weights(struct resolve *resolve)
{
    const Kansen__V1__Weights *weights = resolve->wire->weights;
    struct query *query = resolve->query;
    int r;

    query->weight_interest = weights == NULL ? DEFAULT_WEIGHT_INTEREST : weights->interest;
    query->weight_proximity = weights == NULL ? DEFAULT_WEIGHT_PROXIMITY : weights->proximity;
    query->weight_transition = weights == NULL ? DEFAULT_WEIGHT_TRANSITION : weights->transition;
    r = check_weight(resolve, "query.weights.interest", query->weight_interest);
    if (r == 0)
        r = check_weight(resolve, "query.weights.proximity", query->weight_proximity);
    if (r == 0)
        r = check_weight(resolve, "query.weights.transition", query->weight_transition);
    if (r == 0 && query->weight_interest + query->weight_proximity + query->weight_transition == 0)
        r = fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.weights",
                      "all weights are 0; at least one must be 1..%u", QUERY_WEIGHT_MAX);
    return r;
}

static int
resolve_page(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;
    struct query *query = resolve->query;

    if (wire->limit > QUERY_LIMIT_MAX)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.limit",
                         "a page of %u matches is too long; allowed are 1..%u, and 0 for %u",
                         (unsigned)wire->limit, QUERY_LIMIT_MAX, DEFAULT_LIMIT);
    if (wire->discover > QUERY_DISCOVER_MAX)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.discover",
                         "%u discoveries are too many; allowed are 0..%u", (unsigned)wire->discover,
                         QUERY_DISCOVER_MAX);
    if (wire->discover != 0 && wire->cursor.len != 0)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.discover",
                         "%u discoveries are asked for with a cursor; they come with the first page only",
                         (unsigned)wire->discover);
    query->limit = wire->limit == 0 ? DEFAULT_LIMIT : wire->limit;
    query->max_per_partner = wire->max_per_partner;
    query->discover = wire->discover;
    query->tie_seed = wire->tie_seed;
    query->want_total = wire->want_total;
    query->facets = wire->facets;
    return resolve_date(resolve, "query.as_of", wire->as_of, resolve->today, &query->as_of);
}

int
query_resolve(struct txn *txn, const struct catalog *catalog, const Kansen__V1__Query *wire, int32_t today,
              struct arena *arena, struct query *out, struct fault *fault)
{
    static int (*const steps[])(struct resolve *) = {
        place_resolve,  resolve_kinds,   wanted_resolve, student_resolve,
        resolve_period, resolve_weights, resolve_page,
    };
    struct resolve resolve = {txn, catalog, wire, today, arena, out, fault};

    *out = (struct query){.catalog = catalog};
    if (wire == NULL)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "query", "the request has no query; give one");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int r = steps[i](&resolve);

        if (r != 0)
            return r;
    }
    return 0;
}

unsigned
query_similarity(const struct query *query, uint32_t i, uint16_t offered)
{
    const struct interest *interest = catalog_interest(query->catalog, offered);

    if (interest == NULL || interest->root != query->wanted[i].root)
        return 0; // as nearly always, so it is asked first
    return catalog_similarity(query->catalog, query->wanted[i].id, offered);
}
