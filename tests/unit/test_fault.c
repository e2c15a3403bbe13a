// SPDX-License-Identifier: Apache-2.0
// The message of a fault is UTF-8 whatever was quoted in it, and wherever that or the whole was cut.
#include "base/fault.h"
#include "base/text.h"
#include "tests/unit/unit.h"
#include <string.h>

static void
test_quoted(void **state)
{
    struct fault fault;

    (void)state;
    fault_fill(&fault, CODE_NOT_FOUND, "name", "there is no '%.4s' and no '%.3s', %s",
               "a\xC3\xA9\xE2\x82\xAC", "ab\xE2\x82\xAC", "\xC5\x81\xC3\xB3\x64\xC5\xBA");
    assert_string_equal(fault.message, "there is no 'a\xC3\xA9' and no 'ab', \xC5\x81\xC3\xB3\x64\xC5\xBA");
    assert_string_equal(fault.field, "name");
    assert_int_equal(fault.code, CODE_NOT_FOUND);
}

static void
test_cut(void **state)
{
    char text[2 * FAULT_MESSAGE_MAX] = "";
    struct fault fault;

    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        text[shift] = '\0';
        while (strlen(text) < FAULT_MESSAGE_MAX + 8)
            strcat(text, "\xF0\x9F\x8E\x93");
        fault_fill(&fault, CODE_INTERNAL, "", "%s", text);
        assert_int_equal(text_check(fault.message, strlen(fault.message), false, NULL), TEXT_FINE);
        assert_true(strlen(fault.message) > FAULT_MESSAGE_MAX - 5);
        assert_memory_equal(fault.message, text, strlen(fault.message));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quoted), cmocka_unit_test(test_cut)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
