// SPDX-License-Identifier: Apache-2.0
// The interests that a student has, and what lies above each of them.
#include "match/given.h"
#include "match/resolve.h"
#include "store/catalog.h"
#include "store/store.h"

#define DEFAULT_WEIGHT 10u

static bool
is_wanted(const struct query *query, uint16_t id)
{
    for (uint32_t i = 0; i < query->n_wanted; i++)
        if (query->wanted[i].id == id)
            return true;
    return false;
}

static struct query_wanted
make_wanted(const struct catalog *catalog, const struct interest *interest, uint32_t weight)
{
    struct query_wanted wanted = {.id = interest->id, .weight = (uint16_t)weight, .root = interest->root};

    for (uint16_t above = interest->parent; above != 0; above = catalog_interest(catalog, above)->parent)
        wanted.above[wanted.n_above++] = above;
    return wanted;
}

static int
resolve_one(struct resolve *resolve, size_t index)
{
    const Kansen__V1__WantedInterest *wire = resolve->wire->interests[index];
    const struct interest *interest = catalog_interest_named(resolve->catalog, wire->code);
    struct query *query = resolve->query;
    uint32_t weight = wire->weight == 0 ? DEFAULT_WEIGHT : wire->weight;
    char path[FAULT_FIELD_MAX];
    struct given given;

    if (interest == NULL)
        return fault_set(
            resolve->fault, CODE_INVALID_ARGUMENT, resolve_path(path, "interests", index, ".code"),
            "%s is no code of an interest; codes look like techniek.robotica and can be looked up "
            "by name",
            given_text(&given, wire->code));
    if (is_wanted(query, interest->id))
        return fault_set(
            resolve->fault, CODE_INVALID_ARGUMENT, resolve_path(path, "interests", index, ".code"),
            "%s is given twice; each interest may be given once", given_text(&given, wire->code));
    if (weight > QUERY_WEIGHT_MAX)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT,
                         resolve_path(path, "interests", index, ".weight"),
                         "a weight of %u is too much; allowed are 1..%u, and 0 for %u", (unsigned)weight,
                         QUERY_WEIGHT_MAX, DEFAULT_WEIGHT);
    query->wanted[query->n_wanted++] = make_wanted(resolve->catalog, interest, weight);
    query->wanted_weight += weight;
    return 0;
}

int
wanted_resolve(struct resolve *resolve)
{
    size_t count = resolve->wire->n_interests;

    if (count > QUERY_INTERESTS_MAX)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.interests",
                         "%zu interests are given; at most %u are allowed", count, QUERY_INTERESTS_MAX);
    for (size_t index = 0; index < count; index++) {
        int r = resolve_one(resolve, index);

        if (r != 0)
            return r;
    }
    return 0;
}
