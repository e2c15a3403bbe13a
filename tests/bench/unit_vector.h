// SPDX-License-Identifier: Apache-2.0
// Positions as unit vectors: the chord between two of them tells their distance without a sine.
#ifndef TESTS_BENCH_UNIT_VECTOR_H
#define TESTS_BENCH_UNIT_VECTOR_H

#include "base/geo.h"
#include <math.h>
#include <stdbool.h>

struct unit_vector {
    double x, y, z;
};

static inline struct unit_vector
unit_vector_at(int32_t lat_e6, int32_t lon_e6)
{
    double lat = lat_e6 / 1e6 * (M_PI / 180.0), lon = lon_e6 / 1e6 * (M_PI / 180.0);

    return (struct unit_vector){cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)};
}

// Metres along the great circle of a squared chord (in squared radii of the earth) of at most 500 km: the
// series of the arcsine; what is left out is under 0.05 mm.
static inline double
unit_vector_metres(double chord2)
{
    double x2 = chord2 / 4, x = sqrt(x2);

    return 2 * GEO_EARTH_RADIUS_M * x * (1 + x2 * (1.0 / 6 + x2 * (3.0 / 40)));
}

// Half up to whole metres. False if metres, which may be wrong by error_m, is too near to a half to tell.
static inline bool
unit_vector_round(double metres, double error_m, uint32_t *out)
{
    double up = metres + 0.5, whole = floor(up), rest = up - whole;

    *out = (uint32_t)whole;
    return rest > error_m && rest < 1 - error_m;
}

#endif
