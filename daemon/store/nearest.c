// SPDX-License-Identifier: Apache-2.0
// The straight line through the earth (the chord) is never longer than the way over it and takes a few
// multiplications, so it tells nearly all places that can not be nearest; the others are measured. As many
// are measured as come nearer than all before them: a handful of hundreds.
#include "store/nearest.h"
#include <math.h>

#define SLACK_M 1.0 // what rounding to whole metres can hide is half of it; that of the chord is far less

struct place {
    double x, y, z; // on the unit sphere
    struct geo_point point;
    uint32_t id;
};

struct nearest {
    size_t count;
    struct place places[];
};

static struct place
place_at(struct geo_point point, uint32_t id)
{
    double lat = point.lat_e6 / 1e6 * (M_PI / 180), lon = point.lon_e6 / 1e6 * (M_PI / 180);

    return (struct place){cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat), point, id};
}

struct nearest *
nearest_new(struct arena *arena, size_t count)
{
    return arena_alloc(arena, sizeof(struct nearest) + count * sizeof(struct place));
}

void
nearest_add(struct nearest *nearest, struct geo_point point, uint32_t id)
{
    nearest->places[nearest->count++] = place_at(point, id);
}

// The square of the chord that is as long as a distance in metres.
static double
chord_squared(double metres)
{
    double chord = metres / GEO_EARTH_RADIUS_M;

    return chord * chord;
}

uint32_t
nearest_find(const struct nearest *nearest, struct geo_point point)
{
    struct place from = place_at(point, NEAREST_NONE);
    uint32_t best = UINT32_MAX, found = NEAREST_NONE;
    double limit = INFINITY; // a longer chord is no nearer than best

    for (size_t i = 0; i < nearest->count; i++) {
        const struct place *place = &nearest->places[i];
        double x = place->x - from.x, y = place->y - from.y, z = place->z - from.z;
        uint32_t distance;

        if (x * x + y * y + z * z > limit)
            continue;
        distance = geo_distance_m(point, place->point);
        if (distance < best) {
            best = distance;
            found = place->id;
            limit = chord_squared(best + SLACK_M);
        }
    }
    return found;
}
