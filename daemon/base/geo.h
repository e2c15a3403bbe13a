// SPDX-License-Identifier: Apache-2.0
// Positions and distances as MATCHING defines them: WGS84 millionths of a degree, great circle on a sphere of
// R = 6,371,008.8 m (IUGG mean radius), haversine in double precision, half up to whole metres. Pure; any
// thread.
#ifndef BASE_GEO_H
#define BASE_GEO_H

#include <stdint.h>

#define GEO_EARTH_RADIUS_M 6371008.8
#define GEO_LAT_MAX_E6     90000000
#define GEO_LON_MAX_E6     180000000

struct geo_point {
    int32_t lat_e6; // -90,000,000..90,000,000
    int32_t lon_e6; // -180,000,000..180,000,000
};

// Metres from a to b; at most half the circumference, 20,015,114.
uint32_t geo_distance_m(struct geo_point a, struct geo_point b);

// A point that many distances are measured from.
struct geo_from {
    struct geo_point point;
    double cos_lat, sin_lat;
};
struct geo_from geo_from_point(struct geo_point point);

// The same number as geo_distance_m(from->point, to), several times as fast for points near each other.
uint32_t geo_from_distance_m(const struct geo_from *from, struct geo_point to);

#endif
