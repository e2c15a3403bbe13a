// SPDX-License-Identifier: Apache-2.0
// The seed of a query in a line of JSON: which digits come between quotes, and that nothing else does.
// The function belongs to a program, of which there is no library, and leans on nothing: it is compiled here.
#include "client/cli/seed_text.c"
#include "tests/unit/unit.h"
#include <stdio.h>

static void
check(const char *line, const char *expected)
{
    size_t len = strlen(line), quoted_len = 0;
    char *copy = malloc(len), *quoted; // without a NUL behind it: reading on is seen by a sanitizer

    assert_non_null(copy);
    memcpy(copy, line, len);
    quoted = seed_text_quote(copy, len, &quoted_len);
    if (expected == NULL) {
        assert_null(quoted);
    } else {
        assert_non_null(quoted);
        assert_int_equal(quoted_len, strlen(expected));
        assert_memory_equal(quoted, expected, quoted_len);
    }
    free(quoted);
    free(copy);
}

static void
test_quoted(void **state)
{
    (void)state;
    check("{\"tie_seed\":18446744073709551615}", "{\"tie_seed\":\"18446744073709551615\"}");
    check(" { \"tie_seed\" \t: 9223372036854775808 , \"age\": 3}",
          " { \"tie_seed\" \t: \"9223372036854775808\" , \"age\": 3}");
    check("{\"a\":{\"tie_seed\":1},\"b\":[{\"tie_seed\":2}],\"tie_seed\":3}",
          "{\"a\":{\"tie_seed\":1},\"b\":[{\"tie_seed\":2}],\"tie_seed\":\"3\"}");
    check("{\"a\":\"\\\"tie_seed\\\":1\",\"tie_seed\":2}",
          "{\"a\":\"\\\"tie_seed\\\":1\",\"tie_seed\":\"2\"}");
    check("{\"a\":\"}{\\\\\",\"tie_seed\":2}", "{\"a\":\"}{\\\\\",\"tie_seed\":\"2\"}");
    check("{\"a\":\"tie_seed\",\"tie_seed\":2}", "{\"a\":\"tie_seed\",\"tie_seed\":\"2\"}");
    check("{\"tie_seed\":-9223372036854775809}", "{\"tie_seed\":\"-9223372036854775809\"}");
}

static void
test_left_alone(void **state)
{
    (void)state;
    check("", NULL);
    check("{}", NULL);
    check("\"tie_seed\":1", NULL);
    check("{\"tie_seed\"", NULL);
    check("{\"tie_seed\":", NULL);
    check("{\"tie_seed\":-", NULL);
    check("{\"tie_seed\":\"5\"}", NULL);
    check("{\"tie_seed\":null}", NULL);
    check("{\"tie_seeds\":5,\"my_tie_seed\":5,\"a\":{\"tie_seed\":5}}", NULL);
    check("{\"a\":\"\\\"tie_seed\\\":5\"}", NULL);
    check("{\"a\":\"tie_seed\\", NULL);
    check("{\"a\":\"\\", NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quoted), cmocka_unit_test(test_left_alone)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
