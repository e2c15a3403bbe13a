// SPDX-License-Identifier: Apache-2.0
// Great-circle distance, by the definition and, for points near each other, by series.
#include "base/geo.h"
#include <math.h>

#define RADIANS(degrees_e6) ((double)(degrees_e6) / 1e6 * (M_PI / 180.0))

uint32_t
geo_distance_m(struct geo_point a, struct geo_point b)
{
    double lat1 = RADIANS(a.lat_e6), lat2 = RADIANS(b.lat_e6);
    double lon1 = RADIANS(a.lon_e6), lon2 = RADIANS(b.lon_e6);
    double s_lat = sin((lat2 - lat1) / 2), s_lon = sin((lon2 - lon1) / 2);
    double h = s_lat * s_lat + cos(lat1) * cos(lat2) * s_lon * s_lon;

    return (uint32_t)floor(2 * GEO_EARTH_RADIUS_M * asin(fmin(1, sqrt(h))) + 0.5);
}

// ---- Near distances
//
// Sine, cosine and arc sine as the first terms of their Taylor series. For differences up to NEAR_E6 the
// terms left out are below a thousandth of a millimetre, and so is what geo_distance_m itself loses by
// rounding; only where the distance is so near to half a metre that this could matter is it asked.

#define NEAR_E6      1500000 // a degree and a half
#define NEAR_DOUBT_M 1e-4

static inline double
near_sin_squared(double y)
{
    double s = y * y;

    return s * (1 - s * (1.0 / 3 - s * (2.0 / 45)));
}

struct geo_from
geo_from_point(struct geo_point point)
{
    double lat = RADIANS(point.lat_e6);

    return (struct geo_from){point, cos(lat), sin(lat)};
}

uint32_t
geo_from_distance_m(const struct geo_from *from, struct geo_point to)
{
    int32_t lat_e6 = to.lat_e6 - from->point.lat_e6, lon_e6 = to.lon_e6 - from->point.lon_e6;
    double lat, square, cos_to, h, metres;
    uint32_t whole;

    if (lat_e6 > NEAR_E6 || lat_e6 < -NEAR_E6 || lon_e6 > NEAR_E6 || lon_e6 < -NEAR_E6)
        return geo_distance_m(from->point, to);
    lat = lat_e6 * (M_PI / 180e6);
    square = lat * lat;
    // cos(a + b) = cos a cos b - sin a sin b
    cos_to = from->cos_lat * (1 - square * (1.0 / 2 - square * (1.0 / 24 - square * (1.0 / 720)))) -
             from->sin_lat * lat * (1 - square * (1.0 / 6 - square * (1.0 / 120)));
    h = near_sin_squared(lat / 2) + from->cos_lat * cos_to * near_sin_squared(lon_e6 * (M_PI / 360e6));
    metres = 2 * GEO_EARTH_RADIUS_M * sqrt(h) * (1 + h * (1.0 / 6 + h * (3.0 / 40 + h * (15.0 / 336)))) + 0.5;
    whole = (uint32_t)metres;
    if (metres - whole < NEAR_DOUBT_M || metres - whole > 1 - NEAR_DOUBT_M)
        return geo_distance_m(from->point, to);
    return whole;
}
