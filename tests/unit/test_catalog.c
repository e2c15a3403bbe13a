// SPDX-License-Identifier: Apache-2.0
// The look-ups of the catalog, held against the plain way to find the same.
#include "store/codes.h"
#include "tests/unit/unit.h"

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
