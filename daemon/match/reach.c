// SPDX-License-Identifier: Apache-2.0
// A lower bound of the distance to each box: with the haversine of the least differences in latitude and
// longitude and the least cosine, and sin^2 y >= y^2 - y^4/3. All boxes are done in one loop that compilers
// turn into vector code. Blocks are then put in order of distance by counting, in BUCKETS steps.
#include "match/reach.h"
#include "store/store.h"
#include <math.h>
#include <string.h>

#define BUCKETS      64u
#define CIRCLE_E6    360000000
#define HALF_RADIANS ((float)(M_PI / 360e6)) // half an angle in radians, for one in millionths of a degree
#define DIAMETER_M   ((float)(2 * GEO_EARTH_RADIUS_M))
#define SLACK_FACTOR 0.99998f // for what floats round away
#define THIRD        0.33333334f
#define SLACK_M      1.0f // for that, and for rounding to whole metres
#define UNLIMITED_M  QUERY_PROXIMITY_FREE_M

static inline int32_t
above_zero(int32_t a, int32_t b)
{
    int32_t more = a > b ? a : b;

    return more > 0 ? more : 0;
}

static inline __attribute__((always_inline)) void
bound_boxes(const struct directory *directory, const struct query *query, float *restrict squares)
{
    const int32_t *lat_min = directory->lat_min, *lat_max = directory->lat_max;
    const int32_t *lon_min = directory->lon_min, *lon_max = directory->lon_max;
    const float *cos_min = directory->cos_min;
    int32_t lat = query->origin.point.lat_e6, lon = query->origin.point.lon_e6;
    float cos_lat = fmaxf(0, (float)query->origin.cos_lat);
    size_t n = directory->n_groups;

    for (size_t i = 0; i < n; i++) {
        int32_t up = above_zero(lat_min[i] - lat, lat - lat_max[i]);
        int32_t side = above_zero(lon_min[i] - lon, lon - lon_max[i]);
        int32_t round = above_zero(CIRCLE_E6 - above_zero(lon_max[i] - lon, lon - lon_min[i]), 0);
        float y = (float)up * HALF_RADIANS, x = (float)(side < round ? side : round) * HALF_RADIANS;
        float h = y * y * (1 - y * y * THIRD) + cos_lat * cos_min[i] * x * x * (1 - x * x * THIRD);

        squares[i] = (h > 0 ? h : 0) * (DIAMETER_M * DIAMETER_M * SLACK_FACTOR);
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void
bound_boxes_avx2(const struct directory *directory, const struct query *query, float *restrict squares)
{
    bound_boxes(directory, query, squares);
}
#endif

// The same bounds up to the last bits, whichever way they are computed; they are on the safe side by far
// more.
static void
bound_groups(const struct directory *directory, const struct query *query, float *squares)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        bound_boxes_avx2(directory, query, squares);
        return;
    }
#endif
    bound_boxes(directory, query, squares);
}

struct reach_point
reach_point(const struct directory *directory, const struct query *query, size_t group)
{
    return (struct reach_point){query->origin.point,
                                fmaxf(0, (float)query->origin.cos_lat) * directory->cos_min[group]};
}

bool
reach_holds_group(const struct directory *directory, const struct query *query, size_t group)
{
    int32_t lat = query->origin.point.lat_e6, lon = query->origin.point.lon_e6;
    int32_t up = above_zero(directory->lat_max[group] - lat, lat - directory->lat_min[group]);
    int32_t side = above_zero(directory->lon_max[group] - lon, lon - directory->lon_min[group]);
    double y = up * (M_PI / 360e6), x = side * (M_PI / 360e6);
    double h = y * y + query->origin.cos_lat * directory->cos_max[group] * x * x; // sin y <= y

    if (query->radius_m == 0)
        return true;
    // asin s <= s / sqrt(1 - s^2)
    return h < 0.5 && 2 * GEO_EARTH_RADIUS_M * sqrt(h / (1 - h)) + SLACK_M < query->radius_m;
}

static uint64_t
radius_of(const struct query *query)
{
    return query->radius_m == 0 ? UNLIMITED_M : query->radius_m;
}

static uint32_t
bucket_of(uint32_t metres, uint64_t radius)
{
    uint64_t bucket = metres * (uint64_t)(BUCKETS - 1) / radius;

    return bucket < BUCKETS ? (uint32_t)bucket : BUCKETS - 1;
}

uint32_t
reach_edge(const struct query *query, uint32_t nearest)
{
    uint64_t radius = radius_of(query);

    return (uint32_t)(bucket_of(nearest, radius) * radius / (BUCKETS - 1));
}

// The groups that are in reach: their numbers, in order. Without a branch, as there is no telling which they
// are.
static size_t
find_groups(const struct directory *directory, const struct query *query, const struct reach *reach,
            uint32_t *out)
{
    float far = query->radius_m == 0 ? INFINITY : reach->far_square;
    size_t n = 0;

    for (size_t i = 0; i < directory->n_groups; i++) {
        out[n] = (uint32_t)i;
        n += reach->squares[i] <= far;
    }
    return n;
}

// The blocks that the groups belong to, each once, with the least distance. Remote ones, whose groups have no
// place, come at the distance that has their proximity.
static size_t
find_blocks(const struct directory *directory, const struct query *query, const struct reach *reach,
            const uint32_t *groups, size_t n_groups, struct reach_block *out)
{
    size_t n = 0;

    for (size_t i = 0; i < n_groups;) {
        uint32_t block = directory->block[groups[i]], nearest = groups[i];

        for (; i < n_groups && directory->block[groups[i]] == block; i++)
            if (reach->squares[groups[i]] < reach->squares[nearest])
                nearest = groups[i];
        if (!directory->blocks[block].remote)
            out[n++] = (struct reach_block){block, reach_metres(reach, nearest)};
    }
    for (size_t i = 0; i < directory->n_remote; i++)
        out[n++] = (struct reach_block){directory->remote[i], (uint32_t)(radius_of(query) / 2)};
    return n;
}

static void
sort_blocks(const struct reach_block *found, size_t n, uint64_t radius, struct reach_block *out)
{
    uint32_t starts[BUCKETS + 1] = {0};

    for (size_t i = 0; i < n; i++)
        starts[bucket_of(found[i].nearest, radius) + 1]++;
    for (size_t bucket = 0; bucket < BUCKETS; bucket++)
        starts[bucket + 1] += starts[bucket];
    for (size_t i = 0; i < n; i++)
        out[starts[bucket_of(found[i].nearest, radius)]++] = found[i];
}

int
reach_find(const struct directory *directory, const struct query *query, struct arena *arena,
           struct reach *out)
{
    uint64_t radius = radius_of(query);
    float *squares = arena_take(arena, directory->n_groups * sizeof *squares);
    uint32_t *groups = arena_take(arena, (directory->n_groups + 1) * sizeof *groups);
    struct reach_block *found = arena_take(arena, directory->n_blocks * sizeof *found);
    struct reach_block *sorted = arena_take(arena, directory->n_blocks * sizeof *sorted);

    if (squares == NULL || groups == NULL || found == NULL || sorted == NULL)
        return STORE_FAULT_MEMORY;
    *out = (struct reach){.blocks = sorted, .squares = squares};
    out->far_square = ((float)radius + SLACK_M) * ((float)radius + SLACK_M);
    bound_groups(directory, query, squares);
    out->n = find_groups(directory, query, out, groups);
    out->n = find_blocks(directory, query, out, groups, out->n, found);
    sort_blocks(found, out->n, radius, sorted);
    return 0;
}
