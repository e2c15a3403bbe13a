// SPDX-License-Identifier: Apache-2.0
// Who uses an interest or a region: walks over the tables that may name it, for the rare removal.
#include "base/arena.h"
#include "store/catalog.h"
#include "store/internal.h"
#include "store/offer_row.h"
#include "store/records.h"
#include "store/write.h"
#include <string.h>

#define WALK_MEMORY_MAX (16u << 20) // bytes for one record

static int
found(struct txn *txn, struct arena *arena, const char **user, const char *what, uint64_t id)
{
    *user = arena_printf(arena, "%s %llu", what, (unsigned long long)id);
    return *user == NULL ? txn_fail(txn, STORE_FAULT_MEMORY) : 0;
}

static bool
row_has_interest(const struct offer_row *row, uint32_t interest)
{
    for (size_t i = 0; i < OFFER_INTERESTS_MAX; i++)
        if (row->interests[i] == interest)
            return true;
    return false;
}

int
interest_user(struct txn *txn, const Kansen__V1__Interest *interest, struct arena *arena, const char **user)
{
    Kansen__V1__Interest *below;
    struct offer_row row = {.offer_id = 0};
    size_t len = strlen(interest->code);
    int rc = interest_next(txn, interest->code, arena, &below);

    *user = NULL;
    if (rc < 0)
        return rc;
    // Codes that sort between "a" and "a.b" hold characters below the dot, and none is allowed in a code.
    if (rc == 0 && strncmp(below->code, interest->code, len) == 0 && below->code[len] == '.') {
        *user = arena_printf(arena, "interest %s", below->code);
        return *user == NULL ? txn_fail(txn, STORE_FAULT_MEMORY) : 0;
    }
    do
        rc = offer_row_next(txn, row.offer_id, &row);
    while (rc == 0 && !row_has_interest(&row, interest->id));
    if (rc == 0)
        return found(txn, arena, user, "offer", row.offer_id);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
region_used_by_regions(struct txn *txn, const struct catalog *catalog, const char *code, struct arena *arena,
                       const char **user)
{
    for (size_t i = 0; i < catalog_region_count(catalog); i++) {
        const struct region *region = catalog_region_at(catalog, i);
        bool uses = strcmp(region->successor, code) == 0;

        for (size_t j = 0; j < region->n_parents; j++)
            uses = uses || strcmp(region->parents[j], code) == 0;
        if (uses) {
            *user = arena_printf(arena, "region %s", region->code);
            return *user == NULL ? txn_fail(txn, STORE_FAULT_MEMORY) : 0;
        }
    }
    return 0;
}

static int
region_used_by_partners(struct txn *txn, const char *code, struct arena *walk, struct arena *arena,
                        const char **user)
{
    Kansen__V1__Partner *partner;
    uint64_t after = 0;
    int rc;

    while ((rc = partner_next(txn, after, walk, &partner)) == 0) {
        after = partner->id;
        if (strcmp(partner->region, code) == 0)
            return found(txn, arena, user, "partner", after);
        arena_reset(walk);
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
region_used_by_offers(struct txn *txn, const char *code, struct arena *walk, struct arena *arena,
                      const char **user)
{
    Kansen__V1__Offer *offer;
    uint64_t after = 0;
    int rc;

    while ((rc = offer_next(txn, after, walk, &offer)) == 0) {
        after = offer->id;
        if (strcmp(offer->region, code) == 0)
            return found(txn, arena, user, "offer", after);
        arena_reset(walk);
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
region_used_by_postcodes(struct txn *txn, const char *code, struct arena *walk, struct arena *arena,
                         const char **user)
{
    Kansen__V1__Postcode *postcode;
    uint32_t after = 0;
    int rc;

    while ((rc = postcode_next(txn, after, walk, &postcode)) == 0) {
        after = postcode->postcode;
        if (strcmp(postcode->municipality, code) == 0)
            return found(txn, arena, user, "postcode", after);
        arena_reset(walk);
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
region_user(struct txn *txn, const Kansen__V1__Region *region, struct arena *arena, const char **user)
{
    static int (*const walks[])(struct txn *, const char *, struct arena *, struct arena *, const char **) = {
        region_used_by_partners, region_used_by_postcodes, region_used_by_offers};
    const struct catalog *catalog = NULL;
    struct arena *walk = arena_new(WALK_MEMORY_MAX);
    int rc = walk == NULL ? txn_fail(txn, STORE_FAULT_MEMORY) : txn_catalog(txn, &catalog);

    *user = NULL;
    if (rc == 0)
        rc = region_used_by_regions(txn, catalog, region->code, arena, user);
    for (size_t i = 0; i < sizeof walks / sizeof walks[0] && rc == 0 && *user == NULL; i++) {
        arena_reset(walk);
        rc = walks[i](txn, region->code, walk, arena, user);
    }
    arena_free(walk);
    return rc;
}
