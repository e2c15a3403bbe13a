// SPDX-License-Identifier: Apache-2.0
// Where a query looks: the point that distances are measured from, how far, and inside which region.
#include "match/given.h"
#include "match/resolve.h"
#include "store/catalog.h"
#include "store/records.h"
#include "store/store.h"
#include <string.h>

#define DEFAULT_RADIUS_M 25000u

static int
unknown_region(struct resolve *resolve, const char *field, const char *code)
{
    struct given given;

    return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, field,
                     "%s is no code of a region; codes look like GM0606 and can be looked up by name",
                     given_text(&given, code));
}

// Which municipalities lie in region. Aliases count as what they stand for.
static int
resolve_closure(struct resolve *resolve, const struct region *region)
{
    const struct catalog *catalog = resolve->catalog;
    size_t count = catalog_region_count(catalog), size = 0;
    bool *covered;

    for (size_t place = 0; place < count; place++)
        if (catalog_region_at(catalog, place)->id >= size)
            size = (size_t)catalog_region_at(catalog, place)->id + 1;
    covered = arena_array(resolve->arena, size, sizeof *covered);
    if (covered == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t place = 0; place < count; place++) {
        const struct region *below = catalog_region_at(catalog, place);

        if (below->type == KANSEN__V1__REGION_TYPE__REGION_TYPE_MUNICIPALITY)
            covered[below->id] = catalog_region_covers(catalog, region, below->municipality);
    }
    resolve->query->covered = covered;
    resolve->query->n_regions = size;
    return 0;
}

static int
resolve_region(struct resolve *resolve)
{
    const char *code = resolve->wire->region;
    const struct region *region;

    if (code[0] == '\0')
        return 0;
    region = catalog_region_named(resolve->catalog, code);
    if (region == NULL)
        return unknown_region(resolve, "query.region", code);
    region = catalog_region_current(resolve->catalog, region);
    resolve->query->region = region;
    return resolve_closure(resolve, region);
}

static int
origin_at(struct resolve *resolve)
{
    const Kansen__V1__Point *at = resolve->wire->at;

    if (at->lat_e6 < -GEO_LAT_MAX_E6 || at->lat_e6 > GEO_LAT_MAX_E6)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.at.lat_e6",
                         "latitude %.6f is not between -90 and 90 degrees", at->lat_e6 / 1e6);
    if (at->lon_e6 < -GEO_LON_MAX_E6 || at->lon_e6 > GEO_LON_MAX_E6)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.at.lon_e6",
                         "longitude %.6f is not between -180 and 180 degrees", at->lon_e6 / 1e6);
    resolve->query->origin = geo_from_point((struct geo_point){at->lat_e6, at->lon_e6});
    return 0;
}

static int
origin_from_region(struct resolve *resolve)
{
    const char *code = resolve->wire->from_region;
    const struct region *region = catalog_region_named(resolve->catalog, code);

    if (region == NULL)
        return unknown_region(resolve, "query.from_region", code);
    resolve->query->origin = geo_from_point(catalog_region_current(resolve->catalog, region)->centroid);
    return 0;
}

static int
origin_postcode(struct resolve *resolve)
{
    const char *text = resolve->wire->postcode;
    Kansen__V1__Postcode *postcode;
    uint32_t number = 0;
    struct given given;
    int r;

    for (const char *digit = text; *digit >= '0' && *digit <= '9' && number < 10000; digit++)
        number = number * 10 + (uint32_t)(*digit - '0');
    if (strlen(text) != 4 || strspn(text, "0123456789") != 4 || number < 1000)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.postcode",
                         "%s is no postcode; give its four digits, 1000..9999, as in 3111",
                         given_text(&given, text));
    r = postcode_get(resolve->txn, number, resolve->arena, &postcode);
    if (r == STORE_E_NOT_FOUND)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.postcode",
                         "postcode %u is not in the table of postcodes; the operator imports postcodes "
                         "(kansenctl import postcodes FILE)",
                         (unsigned)number);
    if (r != 0)
        return r;
    if (postcode->centroid == NULL)
        return STORE_FAULT_CORRUPT;
    resolve->query->origin =
        geo_from_point((struct geo_point){postcode->centroid->lat_e6, postcode->centroid->lon_e6});
    return 0;
}

static int
resolve_origin(struct resolve *resolve)
{
    switch (resolve->wire->origin_case) {
    case KANSEN__V1__QUERY__ORIGIN_AT:
        return origin_at(resolve);
    case KANSEN__V1__QUERY__ORIGIN_FROM_REGION:
        return origin_from_region(resolve);
    case KANSEN__V1__QUERY__ORIGIN_POSTCODE:
        return origin_postcode(resolve);
    default:
        break;
    }
    if (resolve->query->region == NULL)
        return fault_set(
            resolve->fault, CODE_INVALID_ARGUMENT, "query.origin",
            "nothing says where to look; give a point (at), a region (from_region) or a postcode "
            "to measure distances from, or a region to look in");
    resolve->query->origin = geo_from_point(resolve->query->region->centroid);
    return 0;
}

static int
resolve_radius(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;
    struct query *query = resolve->query;

    if (wire->radius_case != KANSEN__V1__QUERY__RADIUS_RADIUS_M) {
        bool region_alone = wire->origin_case == KANSEN__V1__QUERY__ORIGIN__NOT_SET;

        query->radius_m = region_alone ? 0 : DEFAULT_RADIUS_M;
        return 0;
    }
    if (wire->radius_m > QUERY_RADIUS_MAX_M)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.radius_m",
                         "a radius of %u m is too far; allowed are 1..%u, and 0 (no limit) with a region",
                         (unsigned)wire->radius_m, QUERY_RADIUS_MAX_M);
    if (wire->radius_m == 0 && query->region == NULL)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.radius_m",
                         "a radius of 0 (no distance limit) is allowed only with a region; give 1..%u metres",
                         QUERY_RADIUS_MAX_M);
    query->radius_m = wire->radius_m;
    return 0;
}

int
place_resolve(struct resolve *resolve)
{
    int r = resolve_region(resolve);

    if (r == 0)
        r = resolve_origin(resolve);
    if (r == 0)
        r = resolve_radius(resolve);
    return r;
}
