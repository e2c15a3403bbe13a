// SPDX-License-Identifier: Apache-2.0
// Distances from one point to many are the very numbers of the definition, to the metre: near and far, at the
// poles, over the date line, where the near formula ends, and where a distance is half a metre between two.
#include "base/geo.h"
#include "tests/unit/unit.h"
#include <math.h>
#include <stdlib.h>

#define PAIRS   400000
#define NEAR_E6 5000000 // where the near formula ends

static double
random_within(double least, double most)
{
    return least + (most - least) * (double)random() / (double)RAND_MAX;
}

static struct geo_point
bounded(double lat_e6, double lon_e6)
{
    return (struct geo_point){(int32_t)fmax(-90e6, fmin(90e6, lat_e6)),
                              (int32_t)fmax(-180e6, fmin(180e6, lon_e6))};
}

static struct geo_point
anywhere(void)
{
    return bounded(random_within(-90e6, 90e6), random_within(-180e6, 180e6));
}

static void
check_pair(struct geo_point from, struct geo_point to)
{
    struct geo_from origin = geo_from_point(from);
    uint32_t expected = geo_distance_m(from, to), measured = geo_from_distance_m(&origin, to);

    if (measured != expected)
        fail_msg("from %d, %d to %d, %d: %u instead of %u", from.lat_e6, from.lon_e6, to.lat_e6, to.lon_e6,
                 measured, expected);
}

// Pairs so far apart in each direction as a millionth of a degree, as six degrees, or anything between.
static void
check_near(struct geo_point from, int pairs)
{
    for (int i = 0; i < pairs; i++) {
        double span = pow(10, random_within(0, 6.78)),
               square = i % 2 == 0 ? span : pow(10, random_within(0, 6.78));

        check_pair(from, bounded(from.lat_e6 + random_within(-span, span),
                                 from.lon_e6 + random_within(-square, square)));
    }
}

static void
test_far(void **state)
{
    (void)state;
    srandom(1);
    for (int i = 0; i < PAIRS; i++)
        check_pair(anywhere(), anywhere());
    for (int i = 0; i < 1000; i++) { // the other side of the earth, or nearly so
        struct geo_point from = anywhere();

        check_pair(from, bounded(-from.lat_e6 + random_within(-9, 9),
                                 from.lon_e6 + (from.lon_e6 > 0 ? -180e6 : 180e6) + random_within(-9, 9)));
    }
}

static void
test_near(void **state)
{
    (void)state;
    srandom(2);
    for (int i = 0; i < PAIRS / 100; i++)
        check_near(anywhere(), 100);
    check_near((struct geo_point){51919170, 4388610}, 4 * PAIRS);
}

static void
test_poles(void **state)
{
    static const int32_t latitudes[] = {90000000, 89999999, 89999000, 86000000};

    (void)state;
    srandom(3);
    for (size_t i = 0; i < sizeof latitudes / sizeof latitudes[0]; i++)
        for (int side = -1; side <= 1; side += 2)
            for (int round = 0; round < 100; round++)
                check_near(bounded(side * latitudes[i], random_within(-180e6, 180e6)), PAIRS / 1000);
}

static void
test_date_line(void **state)
{
    (void)state;
    srandom(4);
    for (int i = 0; i < PAIRS / 4; i++) {
        struct geo_point east = bounded(random_within(-90e6, 90e6), 180e6 - pow(10, random_within(0, 6.78)));
        struct geo_point west =
            bounded(east.lat_e6 + random_within(-6e6, 6e6), -180e6 + pow(10, random_within(0, 6.78)));

        check_pair(east, west);
        check_pair(west, east);
    }
    check_pair((struct geo_point){0, 180000000}, (struct geo_point){0, -180000000});
    check_pair((struct geo_point){90000000, 180000000}, (struct geo_point){-90000000, -180000000});
}

static void
test_where_the_near_formula_ends(void **state)
{
    (void)state;
    srandom(5);
    for (int i = 0; i < PAIRS / 4; i++) {
        struct geo_point from = bounded(random_within(-84e6, 84e6), random_within(-174e6, 174e6));
        int32_t edge = (random() % 2 == 0 ? NEAR_E6 : -NEAR_E6) + (int32_t)(random() % 5) - 2;
        int32_t other = (int32_t)random_within(-NEAR_E6 - 2, NEAR_E6 + 2);

        check_pair(from, bounded(from.lat_e6 + edge, from.lon_e6 + other));
        check_pair(from, bounded(from.lat_e6 + other, from.lon_e6 + edge));
    }
}

// Along a meridian and along the equator the distance is the angle, so all differences are known that lie a
// hair from half a metre.
static void
test_half_metres(void **state)
{
    static const int32_t starts[] = {0, 1, -2500000, 51919170, 84999999, -90000000};
    const double metres = GEO_EARTH_RADIUS_M * M_PI / 180e6; // of a millionth of a degree
    int edges = 0;

    (void)state;
    for (int32_t span = 1; span <= NEAR_E6; span++) {
        double distance = span * metres;

        if (fabs(distance - floor(distance) - 0.5) > 2e-4)
            continue;
        edges++;
        for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
            check_pair((struct geo_point){starts[i], 7}, (struct geo_point){starts[i] + span, 7});
            check_pair((struct geo_point){starts[i] + span, 7}, (struct geo_point){starts[i], 7});
            check_pair((struct geo_point){0, starts[i]}, (struct geo_point){0, starts[i] + span});
        }
    }
    assert_in_range(edges, 1000, 4000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_far),         cmocka_unit_test(test_near),
        cmocka_unit_test(test_poles),       cmocka_unit_test(test_date_line),
        cmocka_unit_test(test_half_metres), cmocka_unit_test(test_where_the_near_formula_ends),
    };

    return cmocka_run_group_tests_name("geo", tests, NULL, NULL);
}
