// SPDX-License-Identifier: Apache-2.0
// The text of tokens: one spelling for each, and nothing else is one.
#include "auth/secret.h"
#include "auth/token.h"
#include "tests/unit/unit.h"
#include <string.h>

static void
test_text_and_back(void **state)
{
    uint8_t bytes[TOKEN_BYTES], again[TOKEN_BYTES];
    char text[TOKEN_TEXT_MAX];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        secret_random(bytes, sizeof bytes);
        token_write(bytes, text);
        assert_int_equal(strlen(text), TOKEN_TEXT_MAX - 1);
        assert_int_equal(strncmp(text, "kansen_", 7), 0);
        assert_int_equal(strspn(text + 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                         43);
        assert_true(token_read(text, again));
        assert_memory_equal(bytes, again, sizeof bytes);
    }
}

static void
test_golden_text(void **state)
{
    uint8_t bytes[TOKEN_BYTES];
    char text[TOKEN_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 8 + 3);
    token_write(bytes, text);
    assert_string_equal(text, "kansen_AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2-Pr8_s");
}

#define GOOD "kansen_AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2-Pr8_s"

static void
test_what_is_no_token(void **state)
{
    static const char *const bad[] = {
        "",
        "kansen_",
        "kansen",
        GOOD "A",                                                   // longer
        GOOD "=",                                                   // padded
        " " GOOD,                                                   // with a space
        GOOD "\n",                                                  // with a line end
        "Kansen_AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2-Pr8_s",       // another prefix
        "kansen_AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2-Pr8_",        // shorter
        "kansen_AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2+Pr8/s",       // the other alphabet
        "kansen_AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2-Pr8_t",       // the same bytes, bits left over
        "kansen_AwsTGyMrMztDS1NbY2tze4OLk5uj\xc3\xa9O7w8vT2-Pr8_s", // no ASCII
        "kansen_AwsTGyMrMztDS1NbY2tze4OLk5ujq O7w8vT2-Pr8_s",       // a space inside
    };
    uint8_t bytes[TOKEN_BYTES];

    (void)state;
    assert_true(token_read(GOOD, bytes));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (token_read(bad[i], bytes))
            fail_msg("taken for a token: \"%s\"", bad[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_back),
        cmocka_unit_test(test_golden_text),
        cmocka_unit_test(test_what_is_no_token),
    };

    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
