// SPDX-License-Identifier: Apache-2.0
// Counts stand in arrays by number; codes come in only when the answer is made. What a group adds is the
// number of bits that its eligible slots share with a column. An offer counts once per distinct root of its
// interests: the root itself or anything below it. A province counts what its municipalities count.
#include "match/facets.h"
#include "match/sieve.h"
#include "proto/names.h"
#include "store/catalog.h"
#include "store/store.h"
#include <stdlib.h>
#include <string.h>

#define FACETS 5u
#define KINDS  (UINT8_MAX + 1u) // a kind is a byte in the row

struct facets {
    const struct catalog *catalog;
    uint64_t kind[KINDS], partner_kind[KINDS];
    uint64_t *root;         // by interest id
    uint64_t *municipality; // by region id
    size_t n_regions;       // entries of municipality
};

struct facets *
facets_new(const struct catalog *catalog, struct arena *arena)
{
    struct facets *facets = arena_alloc(arena, sizeof *facets);

    if (facets == NULL)
        return NULL;
    facets->catalog = catalog;
    facets->n_regions = (size_t)catalog_region_last(catalog) + 1;
    facets->municipality = arena_array(arena, facets->n_regions, sizeof *facets->municipality);
    facets->root = arena_array(arena, (size_t)catalog_interest_last(catalog) + 1, sizeof *facets->root);
    return facets->municipality == NULL || facets->root == NULL ? NULL : facets;
}

// Adds to counts[id] for every value of a class that occurs in the block.
static void
count_class(const struct block *block, const uint64_t *eligible, enum block_class class, uint64_t *counts,
            size_t n_counts)
{
    for (size_t i = block->header->first[class]; i < block->header->first[class + 1]; i++)
        if (block->ids[i] < n_counts) // municipality 0 is none, which no region has
            counts[block->ids[i]] +=
                sieve_count(eligible, block_column_at(block, i), NULL, block->header->words);
}

void
facets_count(struct facets *facets, const struct block *block, const uint64_t *eligible)
{
    count_class(block, eligible, BLOCK_KIND, facets->kind, KINDS);
    count_class(block, eligible, BLOCK_PARTNER_KIND, facets->partner_kind, KINDS);
    count_class(block, eligible, BLOCK_MUNICIPALITY, facets->municipality, facets->n_regions);
    for (size_t i = 0; i < catalog_root_count(facets->catalog); i++) {
        uint16_t root = catalog_root_at(facets->catalog, i);
        const uint8_t *itself = block_ranked(block, BLOCK_INTEREST, root);
        const uint8_t *below = block_ranked(block, BLOCK_BELOW, root);

        if (itself != NULL || below != NULL)
            facets->root[root] += sieve_count(eligible, itself, below, block->header->words);
    }
}

// ---- The answer

static int
compare_counts(const void *a, const void *b)
{
    return strcmp((*(Kansen__V1__FacetCount *const *)a)->value, (*(Kansen__V1__FacetCount *const *)b)->value);
}

// An empty facet with room for so many values. NULL when memory is short.
static Kansen__V1__Facet *
new_facet(struct arena *arena, const char *name, size_t room)
{
    Kansen__V1__Facet *facet = arena_alloc(arena, sizeof *facet);

    if (facet == NULL)
        return NULL;
    kansen__v1__facet__init(facet);
    facet->name = arena_strdup(arena, name);
    facet->counts = arena_array(arena, room, sizeof(Kansen__V1__FacetCount *));
    return facet->name == NULL || facet->counts == NULL ? NULL : facet;
}

// Adds a value that occurs. 0 or STORE_FAULT_MEMORY.
static int
add_value(Kansen__V1__Facet *facet, struct arena *arena, const char *value, uint64_t count)
{
    Kansen__V1__FacetCount *entry;

    if (count == 0 || value == NULL)
        return 0;
    entry = arena_alloc(arena, sizeof *entry);
    if (entry == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__facet_count__init(entry);
    entry->value = arena_strdup(arena, value);
    entry->count = count;
    facet->counts[facet->n_counts++] = entry;
    return entry->value == NULL ? STORE_FAULT_MEMORY : 0;
}

static Kansen__V1__Facet *
kinds_facet(struct arena *arena, const char *name, const struct names *names, const uint64_t counts[KINDS])
{
    Kansen__V1__Facet *facet = new_facet(arena, name, names->count);

    for (size_t value = 0; facet != NULL && value < names->count && value < KINDS; value++)
        if (add_value(facet, arena, names_text(names, (int)value), counts[value]) != 0)
            return NULL;
    return facet;
}

static Kansen__V1__Facet *
interest_facet(const struct facets *facets, struct arena *arena)
{
    size_t count = catalog_interest_count(facets->catalog);
    Kansen__V1__Facet *facet = new_facet(arena, "interest", count);

    for (size_t place = 0; facet != NULL && place < count; place++) {
        const struct interest *interest = catalog_interest_at(facets->catalog, place);

        if (add_value(facet, arena, interest->code, facets->root[interest->id]) != 0)
            return NULL;
    }
    return facet;
}

static Kansen__V1__Facet *
regions_facet(const struct facets *facets, struct arena *arena, const char *name, const uint64_t *counts)
{
    size_t count = catalog_region_count(facets->catalog);
    Kansen__V1__Facet *facet = new_facet(arena, name, count);

    for (size_t place = 0; facet != NULL && place < count; place++) {
        const struct region *region = catalog_region_at(facets->catalog, place);

        if (add_value(facet, arena, region->code, counts[region->id]) != 0)
            return NULL;
    }
    return facet;
}

// What the municipalities count, by the id of their province. NULL when memory is short.
static uint64_t *
count_provinces(const struct facets *facets, struct arena *arena)
{
    uint64_t *counts = arena_array(arena, facets->n_regions, sizeof *counts);

    for (uint32_t id = 0; counts != NULL && id < facets->n_regions; id++) {
        const struct region *region = catalog_region(facets->catalog, id);

        if (region != NULL && region->province != 0)
            counts[region->province] += facets->municipality[id];
    }
    return counts;
}

int
facets_answer(const struct facets *facets, struct arena *arena, size_t *n, Kansen__V1__Facet ***out)
{
    uint64_t *provinces = count_provinces(facets, arena);
    Kansen__V1__Facet **list = arena_array(arena, FACETS, sizeof(Kansen__V1__Facet *));

    if (provinces == NULL || list == NULL)
        return STORE_FAULT_MEMORY;
    list[0] = kinds_facet(arena, "kind", &names_offer_kind, facets->kind);
    list[1] = kinds_facet(arena, "partner_kind", &names_partner_kind, facets->partner_kind);
    list[2] = interest_facet(facets, arena);
    list[3] = regions_facet(facets, arena, "municipality", facets->municipality);
    list[4] = regions_facet(facets, arena, "province", provinces);
    for (size_t i = 0; i < FACETS; i++) {
        if (list[i] == NULL)
            return STORE_FAULT_MEMORY;
        qsort(list[i]->counts, list[i]->n_counts, sizeof(Kansen__V1__FacetCount *), compare_counts);
    }
    *n = FACETS;
    *out = list;
    return 0;
}
