// SPDX-License-Identifier: Apache-2.0
// What reach says of boxes against the distances of points in them: no point is nearer than the bound, nor
// outside of a radius that is said to hold the box; and the order of the blocks keeps what it promises.
#include "match/reach.h"
#include "store/store.h"
#include "tests/unit/unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 400u
#define GROUPS 1000u
#define POINTS 24u // of each box
#define ROUNDS 150

#define NOT_LISTED UINT32_MAX

struct state {
    struct directory directory;
    struct directory_block blocks[BLOCKS];
    int32_t lat_min[GROUPS], lat_max[GROUPS], lon_min[GROUPS], lon_max[GROUPS];
    float cos_min[GROUPS], cos_max[GROUPS];
    uint32_t block[GROUPS], remote[BLOCKS];
    struct geo_point points[GROUPS][POINTS];
    struct arena *arena;
};

static unsigned
below(unsigned limit)
{
    return (unsigned)random() % limit;
}

static double
within(double least, double most)
{
    return least + (most - least) * (double)random() / (double)RAND_MAX;
}

static int32_t
bounded(double value, int32_t most)
{
    return (int32_t)fmax(-most, fmin(most, value));
}

// Near the places of queries, or anywhere; at the poles and the date line, too.
static struct geo_point
a_place(void)
{
    switch (below(6)) {
    case 0:
        return (struct geo_point){bounded(within(-90e6, 90e6), GEO_LAT_MAX_E6),
                                  bounded(within(-180e6, 180e6), GEO_LON_MAX_E6)};
    case 1:
        return (struct geo_point){(below(2) == 0 ? 1 : -1) * (90000000 - (int32_t)below(3) * 100000),
                                  bounded(within(-180e6, 180e6), GEO_LON_MAX_E6)};
    case 2:
        return (struct geo_point){10000000 + (int32_t)below(1000000),
                                  (below(2) == 0 ? 1 : -1) * (180000000 - (int32_t)below(1000000))};
    default:
        return (struct geo_point){51919170 + (int32_t)below(1000000), 4388610 + (int32_t)below(1000000)};
    }
}

// ---- Boxes

static double
cosine(int32_t lat_e6)
{
    return cos(lat_e6 / 1e6 * (M_PI / 180));
}

static void
fill_box(struct state *state, size_t group)
{
    struct geo_point a = a_place();
    double tall = pow(10, within(0, 7)), wide = below(2) == 0 ? tall : pow(10, within(0, 8.6));
    int32_t *lat_min = &state->lat_min[group], *lat_max = &state->lat_max[group];
    bool equator;

    *lat_min = a.lat_e6;
    *lat_max = bounded(a.lat_e6 + tall - 1, GEO_LAT_MAX_E6);
    state->lon_min[group] = a.lon_e6;
    state->lon_max[group] = bounded(a.lon_e6 + wide - 1, GEO_LON_MAX_E6);
    equator = *lat_min <= 0 && *lat_max >= 0;
    state->cos_min[group] = (float)fmax(0, fmin(cosine(*lat_min), cosine(*lat_max)) - 1e-6);
    state->cos_max[group] = equator ? 1 : (float)(fmax(cosine(*lat_min), cosine(*lat_max)) + 1e-6);
}

// Corners first, then points on the edges, then inside.
static void
fill_points(struct state *state, size_t group)
{
    for (unsigned i = 0; i < POINTS; i++) {
        int32_t lats[3] = {state->lat_min[group], state->lat_max[group]};
        int32_t lons[3] = {state->lon_min[group], state->lon_max[group]};

        lats[2] = bounded(within(lats[0], lats[1]), GEO_LAT_MAX_E6);
        lons[2] = bounded(within(lons[0], lons[1]), GEO_LON_MAX_E6);
        state->points[group][i] =
            (struct geo_point){lats[i < 4 ? i % 2 : below(3)], lons[i < 4 ? i / 2 : below(3)]};
    }
}

static void
fill(struct state *state)
{
    struct directory *directory = &state->directory;

    *directory = (struct directory){.n_blocks = 0,
                                    .blocks = state->blocks,
                                    .lat_min = state->lat_min,
                                    .lat_max = state->lat_max,
                                    .lon_min = state->lon_min,
                                    .lon_max = state->lon_max,
                                    .cos_min = state->cos_min,
                                    .cos_max = state->cos_max,
                                    .block = state->block,
                                    .remote = state->remote};
    while (directory->n_blocks < BLOCKS && directory->n_groups + 4 < GROUPS) {
        struct directory_block *block = &state->blocks[directory->n_blocks];

        *block = (struct directory_block){.first_group = (uint32_t)directory->n_groups,
                                          .groups = (uint16_t)(1 + below(4)),
                                          .remote = below(20) == 0};
        if (block->remote)
            state->remote[directory->n_remote++] = (uint32_t)directory->n_blocks;
        for (unsigned i = 0; i < block->groups; i++, directory->n_groups++) {
            state->block[directory->n_groups] = (uint32_t)directory->n_blocks;
            fill_box(state, directory->n_groups);
            fill_points(state, directory->n_groups);
        }
        directory->n_blocks++;
    }
}

static int
setup(void **out)
{
    struct state *state = calloc(1, sizeof *state);

    assert_non_null(state);
    srandom(61);
    state->arena = arena_new(1 << 20);
    assert_non_null(state->arena);
    *out = state;
    return 0;
}

static int
teardown(void **out)
{
    struct state *state = *out;

    arena_free(state->arena);
    free(state);
    return 0;
}

// ---- What must hold

// From anywhere, or from a point in or beside a box.
static struct query
a_query(const struct state *state)
{
    struct geo_point origin = a_place(), corner;
    size_t group = below((unsigned)state->directory.n_groups);
    uint32_t radius;

    if (below(3) != 0) {
        origin = state->points[group][below(POINTS)];
        origin.lat_e6 = bounded(origin.lat_e6 + within(-1e5, 1e5), GEO_LAT_MAX_E6);
        origin.lon_e6 = bounded(origin.lon_e6 + within(-1e5, 1e5), GEO_LON_MAX_E6);
    }
    corner = state->points[group][below(4)];
    radius = geo_distance_m(origin, corner) + below(3) - 1;
    if (radius > QUERY_RADIUS_MAX_M)
        radius = below(5) == 0 ? 0 : (uint32_t)pow(10, within(0, 5.69));
    return (struct query){.origin = geo_from_point(origin), .radius_m = radius};
}

static uint32_t
distance(const struct query *query, struct geo_point point)
{
    return geo_distance_m(query->origin.point, point);
}

// Metres below which no distance is by a square, less what rounding to whole metres may take off.
static float
least_metres(float square)
{
    return sqrtf(square) - 1;
}

static void
check_group(const struct state *state, const struct query *query, const struct reach *reach,
            const uint32_t nearest[BLOCKS], size_t group)
{
    const struct directory *directory = &state->directory;
    struct block_box box = {state->lat_min[group], state->lat_max[group], state->lon_min[group],
                            state->lon_max[group]};
    struct reach_point from = reach_point(directory, query, group);
    bool holds = reach_holds_group(directory, query, group);
    uint32_t block = state->block[group];

    for (unsigned i = 0; i < POINTS; i++) {
        struct geo_point point = state->points[group][i];
        uint32_t metres = distance(query, point);

        assert_true(least_metres(reach->squares[group]) <= (float)metres);
        assert_true(reach_metres(reach, group) <= metres);
        assert_true(least_metres(reach_least_square(&from, point)) <= (float)metres);
        assert_true(least_metres(reach_box_square(&from, &box)) <= (float)metres);
        if (holds && query->radius_m != 0)
            assert_in_range(metres, 0, query->radius_m);
        if (!reach_touches_group(reach, query, group))
            assert_true(query->radius_m != 0 && metres > query->radius_m);
        if (state->blocks[block].remote)
            continue;
        if (nearest[block] == NOT_LISTED)
            assert_true(query->radius_m != 0 && metres > query->radius_m);
        else
            assert_true(nearest[block] <= metres);
    }
}

// Fills in the distance of each block that is listed, each once, and looks at their order.
static void
check_order(const struct state *state, const struct query *query, const struct reach *reach,
            uint32_t nearest[BLOCKS])
{
    memset(nearest, 0xFF, BLOCKS * sizeof nearest[0]);
    for (size_t i = 0; i < reach->n; i++) {
        struct reach_block block = reach->blocks[i];
        uint32_t edge = reach_edge(query, block.nearest);

        assert_int_equal(nearest[block.number], NOT_LISTED);
        nearest[block.number] = block.nearest;
        for (size_t later = i; later < reach->n; later++)
            assert_true(edge <= reach->blocks[later].nearest);
    }
    for (size_t i = 0; i < state->directory.n_blocks; i++)
        if (state->blocks[i].remote)
            assert_true(nearest[i] != NOT_LISTED);
}

static void
test_bounds_are_on_the_safe_side(void **out)
{
    struct state *state = *out;

    for (int round = 0; round < ROUNDS; round++) {
        if (round % 10 == 0)
            fill(state);
        for (int i = 0; i < 4; i++) {
            struct query query = a_query(state);
            uint32_t nearest[BLOCKS];
            struct reach reach;

            arena_reset(state->arena);
            assert_int_equal(reach_find(&state->directory, &query, state->arena, &reach), 0);
            check_order(state, &query, &reach, nearest);
            for (size_t group = 0; group < state->directory.n_groups; group++)
                check_group(state, &query, &reach, nearest, group);
        }
    }
}

// They would be of no use if they said nothing.
static void
test_bounds_are_near(void **out)
{
    struct state *state = *out;
    unsigned held = 0, fit = 0, near = 0, boxes = 0;

    fill(state);
    for (int round = 0; round < ROUNDS; round++) {
        struct query query = a_query(state);
        struct reach reach;

        arena_reset(state->arena);
        assert_int_equal(reach_find(&state->directory, &query, state->arena, &reach), 0);
        for (size_t group = 0; group < state->directory.n_groups; group++) {
            uint32_t least = UINT32_MAX, most = 0;

            for (unsigned i = 0; i < POINTS; i++) {
                uint32_t metres = distance(&query, state->points[group][i]);

                least = metres < least ? metres : least;
                most = metres > most ? metres : most;
            }
            held += reach_holds_group(&state->directory, &query, group);
            fit += query.radius_m == 0 || most <= query.radius_m;
            if (least > 500000 || least < 1000)
                continue;
            boxes++;
            near += sqrtf(reach.squares[group]) > 0.5f * (float)least;
        }
    }
    assert_in_range(held, fit / 2, fit);
    assert_in_range(near, boxes / 2, boxes);
}

static void
test_memory_that_runs_out_is_said(void **out)
{
    struct state *state = *out;
    struct query query = {.origin = geo_from_point((struct geo_point){0, 0}), .radius_m = 1};
    struct reach reach;
    int r = STORE_FAULT_MEMORY, failures = 0;

    fill(state);
    for (size_t cap = 16; r != 0; cap += 16, failures++) {
        struct arena *arena = arena_new(cap);

        assert_non_null(arena);
        r = reach_find(&state->directory, &query, arena, &reach);
        assert_true(r == 0 || r == STORE_FAULT_MEMORY);
        arena_free(arena);
    }
    assert_in_range(failures, 100, 10000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_are_on_the_safe_side),
        cmocka_unit_test(test_bounds_are_near),
        cmocka_unit_test(test_memory_that_runs_out_is_said),
    };

    return cmocka_run_group_tests_name("reach", tests, setup, teardown);
}
