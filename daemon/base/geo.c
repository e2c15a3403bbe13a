// SPDX-License-Identifier: Apache-2.0
// Great-circle distance, and a box that is a little too large rather than too small.
#include "base/geo.h"
#include <math.h>

#define RADIANS(degrees_e6) ((double)(degrees_e6) / 1e6 * (M_PI / 180.0))

// Metres that a reported distance may lie below the true one (rounding), plus slack for the box's own
// arithmetic.
#define BOX_SLACK_M 2.0

uint32_t
geo_distance_m(struct geo_point a, struct geo_point b)
{
    double lat1 = RADIANS(a.lat_e6), lat2 = RADIANS(b.lat_e6);
    double lon1 = RADIANS(a.lon_e6), lon2 = RADIANS(b.lon_e6);
    double s_lat = sin((lat2 - lat1) / 2), s_lon = sin((lon2 - lon1) / 2);
    double h = s_lat * s_lat + cos(lat1) * cos(lat2) * s_lon * s_lon;

    return (uint32_t)floor(2 * GEO_EARTH_RADIUS_M * asin(fmin(1, sqrt(h))) + 0.5);
}

struct geo_box
geo_box_around(struct geo_point center, uint32_t radius_m)
{
    struct geo_box box = {-GEO_LAT_MAX_E6, GEO_LAT_MAX_E6, -GEO_LON_MAX_E6, GEO_LON_MAX_E6};
    double angle = (radius_m + BOX_SLACK_M) / GEO_EARTH_RADIUS_M;
    double lat_span = ceil(angle * (180.0 / M_PI) * 1e6) + 1;
    double south = center.lat_e6 - lat_span, north = center.lat_e6 + lat_span;
    double lon_span;

    if (south > -GEO_LAT_MAX_E6)
        box.lat_min_e6 = (int32_t)south;
    if (north < GEO_LAT_MAX_E6)
        box.lat_max_e6 = (int32_t)north;
    if (south <= -GEO_LAT_MAX_E6 || north >= GEO_LAT_MAX_E6)
        return box; // a pole is inside: every longitude
    lon_span = ceil(asin(fmin(1, sin(angle) / cos(RADIANS(center.lat_e6)))) * (180.0 / M_PI) * 1e6) + 1;
    if (center.lon_e6 - lon_span <= -GEO_LON_MAX_E6 || center.lon_e6 + lon_span >= GEO_LON_MAX_E6)
        return box; // over the date line
    box.lon_min_e6 = (int32_t)(center.lon_e6 - lon_span);
    box.lon_max_e6 = (int32_t)(center.lon_e6 + lon_span);
    return box;
}
