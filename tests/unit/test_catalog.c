// SPDX-License-Identifier: Apache-2.0
// The look-ups of the catalog, held against the plain way to find the same.
#include "store/codes.h"
#include "store/nearest.h"
#include "tests/unit/unit.h"

#define PLACES 300u

static uint32_t
draw(uint64_t *state, uint32_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*state >> 33) % below);
}

static void
test_codes(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct codes *codes = codes_new(arena, 1000), *none = codes_new(arena, 0);

    (void)state;
    assert_non_null(codes);
    assert_non_null(none);
    assert_int_equal(codes_find(none, ""), CODES_NONE);
    for (uint32_t i = 0; i < 1000; i++) {
        const char *text = i == 0 ? "" : arena_printf(arena, "sport.%u", i);

        assert_int_equal(codes_find(codes, text), CODES_NONE);
        codes_add(codes, text, i + 7);
    }
    for (uint32_t i = 1; i < 1000; i++)
        assert_int_equal(codes_find(codes, arena_printf(arena, "sport.%u", i)), i + 7);
    assert_int_equal(codes_find(codes, ""), 7);
    assert_int_equal(codes_find(codes, "sport.1000"), CODES_NONE);
    assert_int_equal(codes_find(codes, "sport"), CODES_NONE);
    arena_free(arena);
}

// A point in a box around the middle of the Netherlands, on the date line, or near a pole.
static struct geo_point
draw_point(uint64_t *dice, unsigned where)
{
    int32_t lat = (int32_t)draw(dice, 3000000), lon = (int32_t)draw(dice, 4000000);

    switch (where) {
    case 0:
        return (struct geo_point){50700000 + lat, 3300000 + lon};
    case 1:
        return (struct geo_point){lat, lon < 2000000 ? GEO_LON_MAX_E6 - lon : lon - 2000000 - GEO_LON_MAX_E6};
    case 2:
        return (struct geo_point){GEO_LAT_MAX_E6 - lat, (lon - 2000000) * 90};
    default: // so near to each other that many are equal in whole metres
        return (struct geo_point){52000000 + lat / 100000, 5000000 + lon / 100000};
    }
}

static void
test_nearest(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct geo_point places[PLACES];
    uint64_t dice = 7;

    (void)state;
    assert_int_equal(nearest_find(nearest_new(arena, 0), (struct geo_point){0, 0}), NEAREST_NONE);
    for (unsigned where = 0; where < 4; where++) {
        struct nearest *nearest = nearest_new(arena, PLACES);

        assert_non_null(nearest);
        for (uint32_t i = 0; i < PLACES; i++) {
            places[i] = draw_point(&dice, where);
            nearest_add(nearest, places[i], i + 1);
        }
        for (unsigned i = 0; i < 2000; i++) {
            struct geo_point point = draw_point(&dice, i % 50 == 0 ? 0 : where);
            uint32_t best = 0;

            for (uint32_t j = 1; j < PLACES; j++)
                if (geo_distance_m(point, places[j]) < geo_distance_m(point, places[best]))
                    best = j;
            assert_int_equal(nearest_find(nearest, point), best + 1);
        }
    }
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
