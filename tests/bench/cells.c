// SPDX-License-Identifier: Apache-2.0
// For each row, the haversine formula solved for the longitude: with the latitude of the row that is nearest
// to the point, and its least cosine, so that the range is rather too long than too short.
#include "tests/bench/cells.h"
#include "base/geo.h"
#include <math.h>

#define ROW_E6    27000 // 3.0 km of latitude
#define COLUMN_E6 44000 // 3.0 km of longitude at 52 degrees
#define COLUMNS   16384 // room for 360 degrees of them
#define SLACK_M   2.0   // more than rounding to whole metres and to a double can hide

#define RADIANS(e6) ((e6) / 1e6 * (M_PI / 180.0))

int32_t
cells_at(int32_t lat_e6, int32_t lon_e6)
{
    return (lat_e6 + GEO_LAT_MAX_E6) / ROW_E6 * COLUMNS + (lon_e6 + GEO_LON_MAX_E6) / COLUMN_E6;
}

static double
squared_sine(double angle)
{
    return sin(angle) * sin(angle);
}

// The cells of a row within the angle of the point, by its southern and northern edge.
static struct cells_range
row_range(int32_t row, int32_t lat_e6, int32_t lon_e6, double angle)
{
    int32_t south = row * ROW_E6 - GEO_LAT_MAX_E6, north = south + ROW_E6;
    int32_t nearest = lat_e6 < south ? south : lat_e6 > north ? north : lat_e6;
    double cosine = fmin(cos(RADIANS(south)), cos(RADIANS(north)));
    double left = squared_sine(angle / 2) - squared_sine(RADIANS(nearest - lat_e6) / 2);
    double span = 2 * asin(sqrt(fmax(0, left) / (cosine * cos(RADIANS(lat_e6)))));
    int32_t span_e6 = (int32_t)(span * (180.0 / M_PI) * 1e6) + 1;

    return (struct cells_range){row * COLUMNS + (lon_e6 - span_e6 + GEO_LON_MAX_E6) / COLUMN_E6,
                                row * COLUMNS + (lon_e6 + span_e6 + GEO_LON_MAX_E6) / COLUMN_E6};
}

uint32_t
cells_around(int32_t lat_e6, int32_t lon_e6, uint32_t radius_m, struct cells_range out[CELLS_ROWS_MAX])
{
    double angle = (radius_m + SLACK_M) / GEO_EARTH_RADIUS_M;
    int32_t span_e6 = (int32_t)(angle * (180.0 / M_PI) * 1e6) + 1;
    int32_t first = (lat_e6 - span_e6 + GEO_LAT_MAX_E6) / ROW_E6;
    int32_t last = (lat_e6 + span_e6 + GEO_LAT_MAX_E6) / ROW_E6;
    uint32_t n = 0;

    for (int32_t row = first; row <= last && n < CELLS_ROWS_MAX; row++)
        out[n++] = row_range(row, lat_e6, lon_e6, angle);
    return n;
}
