// SPDX-License-Identifier: Apache-2.0
// The taxonomy, loaded table by table into one arena and then linked: parents, roots, successors, ancestors.
// Invariant: interests and regions are sorted by code, as the tables are; by_id arrays hold NULL where no
// record is.
#include "store/catalog.h"
#include "store/codes.h"
#include "store/internal.h"
#include "store/nearest.h"
#include "store/records.h"
#include <stdlib.h>
#include <string.h>

#define CATALOG_MEMORY_MAX (256u << 20) // bytes; some 3,000 regions take one megabyte

struct ancestors {
    size_t count;
    uint32_t *ids; // current regions above a municipality, any order
};

struct catalog {
    struct arena *arena;
    size_t n_interests, n_regions, n_funds;
    struct interest *interests;
    struct region *regions;
    struct interest **interest_by_id; // 0..max_interest
    struct region **region_by_id;     // 0..max_region
    const char **fund_by_number;      // 0..max_fund
    struct ancestors *ancestors;      // by region id; of municipalities only
    struct codes *interest_codes;     // place in interests
    struct codes *region_codes;       // place in regions
    struct codes *fund_codes;         // number
    struct nearest *municipalities;   // id, in the order of the codes; no aliases
    uint32_t max_interest, max_region, max_fund;
    size_t n_roots;
    uint16_t *roots; // ids
};

// ---- Look-ups

size_t
catalog_interest_count(const struct catalog *catalog)
{
    return catalog->n_interests;
}

const struct interest *
catalog_interest_at(const struct catalog *catalog, size_t place)
{
    return place < catalog->n_interests ? &catalog->interests[place] : NULL;
}

const struct interest *
catalog_interest(const struct catalog *catalog, uint16_t id)
{
    return id <= catalog->max_interest ? catalog->interest_by_id[id] : NULL;
}

const struct interest *
catalog_interest_named(const struct catalog *catalog, const char *code)
{
    return catalog_interest_at(catalog, codes_find(catalog->interest_codes, code));
}

uint16_t
catalog_interest_last(const struct catalog *catalog)
{
    return (uint16_t)catalog->max_interest;
}

size_t
catalog_root_count(const struct catalog *catalog)
{
    return catalog->n_roots;
}

uint16_t
catalog_root_at(const struct catalog *catalog, size_t place)
{
    return catalog->roots[place];
}

static bool
interest_is_below(const struct catalog *catalog, const struct interest *node, uint16_t above)
{
    for (; node != NULL; node = catalog_interest(catalog, node->parent))
        if (node->id == above)
            return true;
    return false;
}

unsigned
catalog_similarity(const struct catalog *catalog, uint16_t wanted, uint16_t offered)
{
    const struct interest *a = catalog_interest(catalog, wanted), *b = catalog_interest(catalog, offered);

    if (a == NULL || b == NULL)
        return 0;
    if (interest_is_below(catalog, b, wanted))
        return 100;
    if (interest_is_below(catalog, a, offered))
        return 60;
    return a->parent != 0 && a->parent == b->parent ? 30 : 0;
}

uint32_t
catalog_region_last(const struct catalog *catalog)
{
    return catalog->max_region;
}

size_t
catalog_region_count(const struct catalog *catalog)
{
    return catalog->n_regions;
}

const struct region *
catalog_region_at(const struct catalog *catalog, size_t place)
{
    return place < catalog->n_regions ? &catalog->regions[place] : NULL;
}

const struct region *
catalog_region(const struct catalog *catalog, uint32_t id)
{
    return id <= catalog->max_region ? catalog->region_by_id[id] : NULL;
}

static struct region *
region_named(const struct catalog *catalog, const char *code)
{
    uint32_t place = codes_find(catalog->region_codes, code);

    return place == CODES_NONE ? NULL : &catalog->regions[place];
}

const struct region *
catalog_region_named(const struct catalog *catalog, const char *code)
{
    return region_named(catalog, code);
}

const struct region *
catalog_region_current(const struct catalog *catalog, const struct region *region)
{
    return catalog_region(catalog, region->current);
}

bool
catalog_region_covers(const struct catalog *catalog, const struct region *region, uint32_t municipality)
{
    const struct ancestors *above;

    if (municipality == 0 || municipality > catalog->max_region)
        return false;
    if (region->municipality != 0)
        return region->municipality == municipality;
    above = &catalog->ancestors[municipality];
    for (size_t i = 0; i < above->count; i++)
        if (above->ids[i] == region->current)
            return true;
    return false;
}

const struct region *
catalog_nearest_municipality(const struct catalog *catalog, struct geo_point point)
{
    uint32_t id = nearest_find(catalog->municipalities, point);

    return id == NEAREST_NONE ? NULL : catalog_region(catalog, id);
}

uint16_t
catalog_fund(const struct catalog *catalog, const char *code)
{
    uint32_t number = codes_find(catalog->fund_codes, code);

    return number == CODES_NONE ? 0 : (uint16_t)number;
}

const char *
catalog_fund_code(const struct catalog *catalog, uint16_t number)
{
    return number <= catalog->max_fund ? catalog->fund_by_number[number] : NULL;
}

// ---- Loading

static int
load_interests(struct txn *txn, struct catalog *catalog, size_t count)
{
    const char *after = "";

    catalog->interests = arena_array(catalog->arena, count, sizeof *catalog->interests);
    catalog->interest_codes = codes_new(catalog->arena, count);
    if (catalog->interests == NULL || catalog->interest_codes == NULL)
        return STORE_FAULT_MEMORY;
    while (catalog->n_interests < count) {
        Kansen__V1__Interest *record;
        struct interest *interest = &catalog->interests[catalog->n_interests];
        int rc = interest_next(txn, after, catalog->arena, &record);

        if (rc != 0)
            return rc == STORE_E_NOT_FOUND ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
        *interest = (struct interest){.id = (uint16_t)record->id,
                                      .code = record->code,
                                      .label_nl = record->label_nl,
                                      .label_en = record->label_en,
                                      .n_synonyms = record->n_synonyms,
                                      .synonyms = record->synonyms};
        if (record->id > catalog->max_interest)
            catalog->max_interest = record->id;
        after = record->code;
        codes_add(catalog->interest_codes, record->code, (uint32_t)catalog->n_interests++);
    }
    return 0;
}

static int
load_regions(struct txn *txn, struct catalog *catalog, size_t count)
{
    const char *after = "";

    catalog->regions = arena_array(catalog->arena, count, sizeof *catalog->regions);
    catalog->region_codes = codes_new(catalog->arena, count);
    if (catalog->regions == NULL || catalog->region_codes == NULL)
        return STORE_FAULT_MEMORY;
    while (catalog->n_regions < count) {
        Kansen__V1__Region *record;
        struct region *region = &catalog->regions[catalog->n_regions];
        int rc = region_next(txn, after, catalog->arena, &record);

        if (rc != 0)
            return rc == STORE_E_NOT_FOUND ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
        *region = (struct region){.id = record->id,
                                  .type = record->type,
                                  .code = record->code,
                                  .name = record->name,
                                  .centroid = {record->centroid->lat_e6, record->centroid->lon_e6},
                                  .n_parents = record->n_parents,
                                  .parents = record->parents,
                                  .successor = record->successor};
        if (record->id > catalog->max_region)
            catalog->max_region = record->id;
        after = record->code;
        codes_add(catalog->region_codes, record->code, (uint32_t)catalog->n_regions++);
    }
    return 0;
}

static int
load_funds(struct txn *txn, struct catalog *catalog, uint32_t last)
{
    struct key from = {0};

    catalog->max_fund = last;
    catalog->fund_by_number = arena_array(catalog->arena, last + 1, sizeof *catalog->fund_by_number);
    catalog->fund_codes = codes_new(catalog->arena, last);
    if (catalog->fund_by_number == NULL || catalog->fund_codes == NULL)
        return STORE_FAULT_MEMORY;
    for (;;) {
        MDB_val key, value;
        uint16_t number;
        char *code;
        int rc = table_seek(txn, TABLE_FUND, &from, &key, &value);

        if (rc == STORE_E_NOT_FOUND)
            return 0;
        if (rc != 0)
            return rc;
        if (value.mv_size != sizeof number)
            return txn_fail(txn, STORE_FAULT_CORRUPT);
        memcpy(&number, value.mv_data, sizeof number);
        if (number == 0 || number > last || catalog->fund_by_number[number] != NULL)
            return txn_fail(txn, STORE_FAULT_CORRUPT);
        code = arena_strndup(catalog->arena, key.mv_data, key.mv_size);
        if (code == NULL)
            return STORE_FAULT_MEMORY;
        catalog->fund_by_number[number] = code;
        codes_add(catalog->fund_codes, code, number);
        from = key_text(code);
        from.bytes[from.len++] = 0;
    }
}

// ---- Linking

static int
link_interests(struct catalog *catalog)
{
    catalog->interest_by_id =
        arena_array(catalog->arena, catalog->max_interest + 1, sizeof(struct interest *));
    catalog->roots = arena_array(catalog->arena, catalog->n_interests, sizeof *catalog->roots);
    if (catalog->interest_by_id == NULL || catalog->roots == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < catalog->n_interests; i++) {
        struct interest *interest = &catalog->interests[i];
        const char *last_dot = strrchr(interest->code, '.');
        const struct interest *parent = NULL;

        if (last_dot != NULL) { // the parent sorts before its children, so it is linked already
            char *code = arena_strndup(catalog->arena, interest->code, (size_t)(last_dot - interest->code));

            if (code == NULL)
                return STORE_FAULT_MEMORY;
            parent = catalog_interest_named(catalog, code);
        }
        interest->parent = parent == NULL ? 0 : parent->id;
        interest->root = parent == NULL ? interest->id : parent->root;
        interest->depth = parent == NULL ? 1 : (uint8_t)(parent->depth + 1);
        catalog->interest_by_id[interest->id] = interest;
        if (parent == NULL)
            catalog->roots[catalog->n_roots++] = interest->id;
    }
    return 0;
}

// The end of the chain of successors. A write that would close a ring is refused, so the chain is no longer
// than the number of regions.
static const struct region *
follow_successors(const struct catalog *catalog, const struct region *region)
{
    for (size_t steps = 0; steps < catalog->n_regions && region->successor[0] != '\0'; steps++) {
        const struct region *next = region_named(catalog, region->successor);

        if (next == NULL)
            break;
        region = next;
    }
    return region;
}

static uint32_t
municipality_of(const struct catalog *catalog, const struct region *current)
{
    const struct region *parent;

    if (current->type == KANSEN__V1__REGION_TYPE__REGION_TYPE_MUNICIPALITY)
        return current->id;
    if (current->type != KANSEN__V1__REGION_TYPE__REGION_TYPE_PLACE || current->n_parents == 0)
        return 0;
    parent = region_named(catalog, current->parents[0]);
    return parent == NULL ? 0 : follow_successors(catalog, parent)->id;
}

// Adds the current regions above `region` to ids, each once; returns how many ids there are.
static size_t
add_ancestors(const struct catalog *catalog, const struct region *region, uint32_t *ids, size_t count)
{
    for (size_t i = 0; i < region->n_parents; i++) {
        const struct region *parent = region_named(catalog, region->parents[i]);
        bool known = false;

        if (parent == NULL)
            continue;
        parent = follow_successors(catalog, parent);
        for (size_t j = 0; j < count; j++)
            known = known || ids[j] == parent->id;
        if (known)
            continue;
        ids[count++] = parent->id;
        count = add_ancestors(catalog, parent, ids, count); // types only rise, so this ends
    }
    return count;
}

static int
link_ancestors(struct catalog *catalog, struct region *municipality, uint32_t *scratch)
{
    struct ancestors *above = &catalog->ancestors[municipality->id];
    size_t count = add_ancestors(catalog, municipality, scratch, 0);

    above->ids = arena_array(catalog->arena, count, sizeof *above->ids);
    if (above->ids == NULL)
        return STORE_FAULT_MEMORY;
    above->count = count;
    if (count > 0)
        memcpy(above->ids, scratch, count * sizeof *above->ids);
    return 0;
}

static uint32_t
province_above(const struct catalog *catalog, uint32_t municipality)
{
    const struct ancestors *above = &catalog->ancestors[municipality];

    for (size_t i = 0; i < above->count; i++)
        if (catalog->region_by_id[above->ids[i]]->type == KANSEN__V1__REGION_TYPE__REGION_TYPE_PROVINCE)
            return above->ids[i];
    return 0;
}

static int
link_regions(struct catalog *catalog)
{
    uint32_t *scratch = arena_array(catalog->arena, catalog->n_regions + 1, sizeof *scratch);

    catalog->region_by_id =
        arena_array(catalog->arena, (size_t)catalog->max_region + 1, sizeof(struct region *));
    catalog->ancestors =
        arena_array(catalog->arena, (size_t)catalog->max_region + 1, sizeof *catalog->ancestors);
    if (scratch == NULL || catalog->region_by_id == NULL || catalog->ancestors == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < catalog->n_regions; i++)
        catalog->region_by_id[catalog->regions[i].id] = &catalog->regions[i];
    for (size_t i = 0; i < catalog->n_regions; i++) {
        struct region *region = &catalog->regions[i];
        const struct region *current = follow_successors(catalog, region);

        region->current = current->id;
        region->municipality = municipality_of(catalog, current);
        if (region->municipality == region->id) {
            int rc = link_ancestors(catalog, region, scratch);

            if (rc != 0)
                return rc;
        }
    }
    for (size_t i = 0; i < catalog->n_regions; i++)
        if (catalog->regions[i].municipality != 0)
            catalog->regions[i].province = province_above(catalog, catalog->regions[i].municipality);
    return 0;
}

static int
link_nearest(struct catalog *catalog)
{
    size_t count = 0;

    for (size_t i = 0; i < catalog->n_regions; i++)
        count += catalog->regions[i].municipality == catalog->regions[i].id; // not of an alias
    catalog->municipalities = nearest_new(catalog->arena, count);
    if (catalog->municipalities == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < catalog->n_regions; i++) {
        const struct region *region = &catalog->regions[i];

        if (region->municipality == region->id)
            nearest_add(catalog->municipalities, region->centroid, region->id);
    }
    return 0;
}

int
catalog_load(struct txn *txn, struct catalog **out)
{
    struct arena *arena = arena_new(CATALOG_MEMORY_MAX);
    struct catalog *catalog = arena == NULL ? NULL : arena_alloc(arena, sizeof *catalog);
    struct store_counts counts;
    uint64_t last_fund;
    int rc = STORE_FAULT_MEMORY;

    if (catalog == NULL)
        goto fail;
    catalog->arena = arena;
    rc = txn_counts(txn, &counts);
    if (rc == 0)
        rc = load_interests(txn, catalog, counts.interests);
    if (rc == 0)
        rc = load_regions(txn, catalog, counts.regions);
    if (rc == 0 && (rc = meta_get(txn, META_LAST_FUND, &last_fund)) >= 0)
        rc = load_funds(txn, catalog, (uint32_t)last_fund);
    if (rc == 0)
        rc = link_interests(catalog);
    if (rc == 0)
        rc = link_regions(catalog);
    if (rc == 0)
        rc = link_nearest(catalog);
    if (rc != 0)
        goto fail;
    *out = catalog;
    return 0;

fail:
    arena_free(arena);
    return rc;
}

void
catalog_free(struct catalog *catalog)
{
    if (catalog != NULL)
        arena_free(catalog->arena); // the catalog itself is in it
}
