// SPDX-License-Identifier: Apache-2.0
// The taxonomy in memory: interests, regions and fund codes as one transaction sees them. Immutable once
// loaded; it is a view of the store's tables, loaded again when their generation changes, so it can not
// disagree with the snapshot.
#ifndef STORE_CATALOG_H
#define STORE_CATALOG_H

#include "base/attr.h"
#include "base/geo.h"
#include <kansen/v1/common.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CATALOG_INTERESTS_MAX 1024u
#define CATALOG_DEPTH_MAX     4u

struct catalog;

struct interest {
    uint16_t id;     // from 1
    uint16_t parent; // id, 0 for a root
    uint16_t root;   // id of the top-level interest above it (itself for a root)
    uint8_t depth;   // 1..4
    const char *code;
    const char *label_nl;
    const char *label_en;
    size_t n_synonyms;
    char *const *synonyms;
};

struct region {
    uint32_t id; // from 1
    Kansen__V1__RegionType type;
    const char *code;
    const char *name;
    struct geo_point centroid;
    size_t n_parents;
    char *const *parents;  // codes as stored
    const char *successor; // code, or ""
    uint32_t current;      // id of the region at the end of the chain of successors; its own id without one
    uint32_t municipality; // id of the municipality that it stands for (successors followed): for a
                           // municipality or a place; 0 for the others
    uint32_t province;     // id of the province that municipality lies in, or 0
};

// Interests, sorted by code; by place 0..count-1, by id, by code. NULL when there is none.
size_t catalog_interest_count(const struct catalog *catalog);
const struct interest *catalog_interest_at(const struct catalog *catalog, size_t place);
const struct interest *catalog_interest(const struct catalog *catalog, uint16_t id);
const struct interest *catalog_interest_named(const struct catalog *catalog, const char *code);

// The greatest id of an interest that there is; the ids of the roots, by place 0..count-1.
uint16_t catalog_interest_last(const struct catalog *catalog);
size_t catalog_root_count(const struct catalog *catalog);
uint16_t catalog_root_at(const struct catalog *catalog, size_t place);

// Similarity of a wanted and an offered interest in percent, as MATCHING says: 100, 60, 30 or 0.
unsigned catalog_similarity(const struct catalog *catalog, uint16_t wanted, uint16_t offered);

// Regions, sorted by code; by place 0..count-1, by id, by code (the region as stored: an alias is not
// followed).
size_t catalog_region_count(const struct catalog *catalog);
const struct region *catalog_region_at(const struct catalog *catalog, size_t place);
const struct region *catalog_region(const struct catalog *catalog, uint32_t id);
const struct region *catalog_region_named(const struct catalog *catalog, const char *code);

// The greatest id of a region that there is.
uint32_t catalog_region_last(const struct catalog *catalog);

// The region that an alias stands for; the region itself if it is none.
const struct region *catalog_region_current(const struct catalog *catalog, const struct region *region);

// Whether a municipality (id, not an alias; 0 gives false) is in the closure of region (an alias is
// followed).
bool catalog_region_covers(const struct catalog *catalog, const struct region *region, uint32_t municipality);

// The municipality whose centroid is nearest to point in whole metres; of equals the smallest code. Aliases
// are left out. NULL when there are no municipalities.
const struct region *catalog_nearest_municipality(const struct catalog *catalog, struct geo_point point);

// Number of a fund code that some offer has named, or 0.
uint16_t catalog_fund(const struct catalog *catalog, const char *code);
const char *catalog_fund_code(const struct catalog *catalog, uint16_t number); // NULL if there is none

#endif
