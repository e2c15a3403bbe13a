// SPDX-License-Identifier: Apache-2.0
// The compiler does not see the formats of the explanations: both languages want the same values, as their
// header says.
#include "tests/unit/unit.h"
#include "work/round_sentences.h"
#include <string.h>

// Writes the conversions of a format to out: "us" for one with a %u and then a %s.
static void
conversions(const char *format, char *out, size_t size)
{
    size_t n = 0;

    while ((format = strchr(format, '%')) != NULL && n + 1 < size) {
        size_t skip = strspn(++format, "l");

        assert_non_null(strchr("us", format[skip]));
        assert_true(skip == 0 || (skip == 2 && format[skip] == 'u'));
        out[n++] = skip == 2 ? 'U' : format[skip];
    }
    out[n] = '\0';
}

static void
test_both_languages_want_the_same(void **state)
{
    static const char *const wanted[SENTENCES] = {
        [SAYS_LOTTERY] = "uu",       [SAYS_CODE] = "s",
        [SAYS_RECOMPUTE] = "sss",    [SAYS_OBTAINED] = "us",
        [SAYS_CORRECTED] = "s",      [SAYS_INELIGIBLE] = "uss",
        [SAYS_WORSE_CLASS] = "usss", [SAYS_LATER_LOTTERY] = "ussu",
        [SAYS_NO_SEATS] = "us",      [SAYS_ALL_PINNED] = "us",
        [SAYS_ALL_RESERVED] = "us",  [SAYS_OWN_LOTTERY] = "uus",
        [SAYS_OPEN_SEAT] = "uss",    [SAYS_RESERVED_SEAT] = "uss",
        [SAYS_PINNED_SEAT] = "us",   [SAYS_BOUND] = "usu",
        [SAYS_BOUND_GROUP] = "ss",   [SAYS_NOT_CONSIDERED] = "us",
        [SAYS_NAME] = "ss",          [SAYS_GONE] = "U",
    };
    char found[16];

    (void)state;
    for (int language = ROUND_TEXT_NL; language <= ROUND_TEXT_EN; language++) {
        for (size_t i = 0; i < SENTENCES; i++) {
            assert_non_null(round_sentences[language][i]);
            conversions(round_sentences[language][i], found, sizeof found);
            assert_string_equal(found, wanted[i] != NULL ? wanted[i] : "");
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_languages_want_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
