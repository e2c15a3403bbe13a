// SPDX-License-Identifier: Apache-2.0
// The interests that a student has, and what they make of each interest of the taxonomy: a table by id, so
// that scoring a row costs look-ups only.
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
    query->wanted[query->n_wanted++] = (struct query_wanted){interest->id, (uint16_t)weight};
    query->wanted_weight += weight;
    return 0;
}

static void
fill_entry(const struct catalog *catalog, const struct query *query, const struct interest *interest,
           struct query_interest *out)
{
    out->root = interest->root;
    for (uint32_t i = 0; i < query->n_wanted; i++) {
        uint16_t wanted = query->wanted[i].id;

        out->similarity[i] = (uint8_t)catalog_similarity(catalog, wanted, interest->id);
        if (catalog_interest(catalog, wanted)->root == interest->root)
            out->root_wanted = true;
    }
}

static int
fill_table(struct resolve *resolve)
{
    const struct catalog *catalog = resolve->catalog;
    size_t count = catalog_interest_count(catalog), size = 0;
    struct query_interest *table;

    for (size_t place = 0; place < count; place++)
        if (catalog_interest_at(catalog, place)->id >= size)
            size = (size_t)catalog_interest_at(catalog, place)->id + 1;
    table = arena_array(resolve->arena, size, sizeof *table);
    if (table == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t place = 0; place < count; place++) {
        const struct interest *interest = catalog_interest_at(catalog, place);

        fill_entry(catalog, resolve->query, interest, &table[interest->id]);
    }
    resolve->query->interests = table;
    resolve->query->n_interests = size;
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
    return fill_table(resolve);
}
