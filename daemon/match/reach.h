// SPDX-License-Identifier: Apache-2.0
// Which blocks can hold a match of a query by where they lie, nearest first, and how near each of their
// groups can be. Errs on the safe side.
#ifndef MATCH_REACH_H
#define MATCH_REACH_H

#include "base/arena.h"
#include "base/attr.h"
#include "match/query.h"
#include "store/directory.h"
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct reach_block {
    uint32_t number;  // in the directory
    uint32_t nearest; // metres: none of its offers lies nearer
};

struct reach {
    size_t n;
    const struct reach_block *blocks; // about nearest first (in steps of the radius)
    const float *squares;             // of every group, square metres: none of its offers lies nearer
    float far_square;                 // groups above this are out of reach
};

// Memory is in the arena. 0 or STORE_FAULT_MEMORY. Remote blocks are in reach always, with the distance that
// has their proximity.
int reach_find(const struct directory *directory, const struct query *query, struct arena *arena,
               struct reach *out) MUST_CHECK;

// Of a block in the list: no block from there on is nearer than so many metres.
uint32_t reach_edge(const struct query *query, uint32_t nearest);

// Whether some offer of a placed group may lie within the query's radius.
static inline bool
reach_touches_group(const struct reach *reach, const struct query *query, size_t group)
{
    return query->radius_m == 0 || reach->squares[group] <= reach->far_square;
}

// A cheap lower bound of the distances of single offers of a group.
struct reach_point {
    struct geo_point origin;
    float cosine; // the origin's times the group's least
};
struct reach_point reach_point(const struct directory *directory, const struct query *query, size_t group);

#define REACH_NEAR_E6     5000000                 // five degrees
#define REACH_RADIANS     ((float)(M_PI / 180e6)) // of a millionth of a degree
#define REACH_CHORD_SHARE 0.999f // (sin y / y)^2 is more up to half of REACH_NEAR_E6, and floats round

// Square metres, for differences of latitude and longitude that are not negative. 0 for those that are not
// near.
static inline float
reach_square(const struct reach_point *from, int32_t up_e6, int32_t side_e6)
{
    float y = (float)up_e6, x = (float)side_e6, scale = (float)GEO_EARTH_RADIUS_M * REACH_RADIANS;

    if (up_e6 > REACH_NEAR_E6 || side_e6 > REACH_NEAR_E6)
        return 0;
    return (y * y + from->cosine * x * x) * scale * scale * REACH_CHORD_SHARE;
}

// Square metres: the offer lies no nearer.
static inline float
reach_least_square(const struct reach_point *from, struct geo_point point)
{
    return reach_square(from, abs(point.lat_e6 - from->origin.lat_e6),
                        abs(point.lon_e6 - from->origin.lon_e6));
}

// The gap between a number and a range; 0 inside of it.
static inline int32_t
reach_gap(int32_t number, int32_t least, int32_t most)
{
    int32_t below = least - number, above = number - most;

    return below > 0 ? below : above > 0 ? above : 0;
}

// The same for all offers in a box, which has the group's latitudes at most. A box may be nearer the other
// way round the earth.
static inline float
reach_box_square(const struct reach_point *from, const struct block_box *box)
{
    int32_t west = from->origin.lon_e6 - box->lon_min_e6, east = box->lon_max_e6 - from->origin.lon_e6;
    int32_t side = reach_gap(from->origin.lon_e6, box->lon_min_e6, box->lon_max_e6);
    int32_t round = 2 * GEO_LON_MAX_E6 - (west > east ? west : east);

    return reach_square(from, reach_gap(from->origin.lat_e6, box->lat_min_e6, box->lat_max_e6),
                        side < round ? side
                        : round > 0  ? round
                                     : 0);
}

// Whole metres that no distance of the group is below.
static inline uint32_t
reach_metres(const struct reach *reach, size_t group)
{
    float metres = sqrtf(reach->squares[group]) - 1; // a metre for rounding

    return metres <= 0 ? 0 : (uint32_t)metres;
}

// Whether every offer of a placed group lies within the query's radius (false when that is not sure).
bool reach_holds_group(const struct directory *directory, const struct query *query, size_t group);

#endif
