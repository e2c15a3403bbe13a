// SPDX-License-Identifier: Apache-2.0
// How near a typed text comes to a term: the classes by example, and one typo against a table of distances.
#include "match/near.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 8u

static void
test_plain_text(void **state)
{
    static const char *const cases[][2] = {
        {"'s-gravenhage", "s gravenhage"},
        {"techniek.robotica", "techniek robotica"},
        {"\xE2\x80\x99s-gra", "s gra"},
        {"c++ / c#", "c++ c#"},
        {"  a  b  ", "a b"},
        {"mbo_4", "mbo 4"},
        {"!?", ""},
        {"\xD9\x83\xD8\xB1\xD8\xA9", "\xD9\x83\xD8\xB1\xD8\xA9"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];

        snprintf(text, sizeof text, "%s", cases[i][0]);
        near_plain(text);
        assert_string_equal(text, cases[i][1]);
    }
}

static void
test_classes(void **state)
{
    static const struct {
        const char *typed, *term;
        enum near near;
    } cases[] = {
        {"voetbal", "voetbal", NEAR_EXACT},
        {"voet", "voetbal", NEAR_PREFIX},
        {"games", "games maken", NEAR_PREFIX},
        {"maken", "games maken", NEAR_WORD},
        {"gravenhage", "s gravenhage", NEAR_WORD},
        {"haag", "den haag", NEAR_WORD},
        {"voetbla", "voetbal", NEAR_TYPO},  // swapped
        {"voebal", "voetbal", NEAR_TYPO},   // one too few
        {"voetbval", "voetbal", NEAR_TYPO}, // one too many
        {"foetbal", "voetbal", NEAR_TYPO},  // a wrong one
        {"voetball", "voetbal", NEAR_TYPO}, // one too many at the end
        {"oetbal", "voetbal", NEAR_TYPO},   // the first left out
        {"teknie", "techniek", NEAR_NOT},   // two typos
        {"tchni", "techniek", NEAR_TYPO_PREFIX},
        {"gravenhgae", "s gravenhage", NEAR_TYPO_WORD},
        {"vot", "voetbal", NEAR_NOT}, // too short to help
        {"kom", "koken", NEAR_NOT},
        {"", "voetbal", NEAR_NOT},
        {"voetbal", "", NEAR_NOT},
        {"caf\xC3\xB8", "caf\xC3\xA6", NEAR_TYPO}, // a character of two bytes is one character
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (near_compare(cases[i].typed, cases[i].term) != cases[i].near)
            fail_msg("%s against %s: %d", cases[i].typed, cases[i].term,
                     (int)near_compare(cases[i].typed, cases[i].term));
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Damerau-Levenshtein distance (neighbours swapped once), by the usual table.
static size_t
distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t d[WORD_MAX + 1][WORD_MAX + 1];

    for (size_t i = 0; i <= n_a; i++)
        for (size_t j = 0; j <= n_b; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n_a][n_b];
}

static enum near
slow_compare(const char *typed, const char *term)
{
    size_t n_typed = strlen(typed), n_term = strlen(term);

    if (strcmp(typed, term) == 0)
        return NEAR_EXACT;
    if (strncmp(typed, term, n_typed) == 0)
        return NEAR_PREFIX;
    if (n_typed < 4)
        return NEAR_NOT;
    if (distance(typed, n_typed, term, n_term) == 1)
        return NEAR_TYPO;
    for (size_t n = 0; n <= n_term; n++)
        if (distance(typed, n_typed, term, n) == 1)
            return NEAR_TYPO_PREFIX;
    return NEAR_NOT;
}

static void
random_word(char out[WORD_MAX + 1], size_t length)
{
    for (size_t i = 0; i < length; i++)
        out[i] = (char)('a' + rand() % 2);
    out[length] = '\0';
}

static void
test_one_typo_is_a_distance_of_one(void **state)
{
    (void)state;
    srand(11);
    for (int i = 0; i < 300000; i++) {
        char typed[WORD_MAX + 1], term[WORD_MAX + 1];

        random_word(typed, 1 + (size_t)rand() % WORD_MAX);
        random_word(term, 1 + (size_t)rand() % WORD_MAX);
        if (near_compare(typed, term) != slow_compare(typed, term))
            fail_msg("%s against %s", typed, term);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_one_typo_is_a_distance_of_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
