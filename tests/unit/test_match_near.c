// SPDX-License-Identifier: Apache-2.0
// How near a typed text comes to a term: the classes by example, and one typo against a table of distances;
// word by word; and that folding is one, whether a text is all ASCII or not.
#include "base/text.h"
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

static void
test_rings_go_outwards(void **state)
{
    (void)state;
    for (enum near near = NEAR_EXACT; near < NEAR_NOT; near++)
        assert_true(near_ring(near) <= near_ring(near + 1));
    assert_int_equal(near_ring(NEAR_EXACT), near_ring(NEAR_WORD));
    assert_true(near_ring(NEAR_WORD) < near_ring(NEAR_TYPO));
    assert_true(near_ring(NEAR_TYPO_PREFIX) < near_ring(NEAR_TYPO_WORD));
    assert_true(near_ring(NEAR_TYPO_WORD) < near_ring(NEAR_WORDS));
    assert_true(near_ring(NEAR_WORDS) < near_ring(NEAR_TYPO_WORDS));
    assert_true(near_ring(NEAR_TYPO_WORDS) < near_ring(NEAR_NOT));
}

static void
test_cutting(void **state)
{
    char text[] = "games maken en spelen", empty[] = "";
    const char *words[2] = {NULL};

    (void)state;
    assert_int_equal(near_cut(empty, words, 2), 0);
    assert_int_equal(near_cut(text, words, 2), 4);
    assert_string_equal(words[0], "games");
    assert_string_equal(words[1], "maken");
}

static void
test_word_by_word(void **state)
{
    static const struct {
        const char *typed, *terms[3];
        enum near near;
    } cases[] = {
        {"voetbal meiden", {"meisjesvoetbal", "voetbal voor meiden"}, NEAR_WORDS},
        {"meid voet", {"voetbal voor meiden"}, NEAR_WORDS},
        {"meiden football", {"girls football", "voetbal voor meiden"}, NEAR_WORDS}, // over two terms
        {"voetbla meiden", {"voetbal voor meiden"}, NEAR_TYPO_WORDS},
        {"voetbla meiden", {"voetbla voor jongens", "voetbal voor meiden"}, NEAR_WORDS}, // the better stays
        {"voebla meiden", {"voetbal voor meiden"}, NEAR_NOT},                            // two typos
        {"oetb meiden", {"voetbal voor meiden"}, NEAR_NOT}, // a typo in a start only
        {"vot meiden", {"voetbal voor meiden"}, NEAR_NOT},  // too short to help
        {"voetbal jongens", {"voetbal voor meiden"}, NEAR_NOT},
        {"voetbal jongens", {""}, NEAR_NOT},
        {"", {"voetbal"}, NEAR_NOT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum near met[NEAR_WORDS_MAX], near;
        const char *words[NEAR_WORDS_MAX];
        char typed[64], term[64];
        size_t n;

        snprintf(typed, sizeof typed, "%s", cases[i].typed);
        n = near_cut(typed, words, NEAR_WORDS_MAX);
        for (size_t word = 0; word < n; word++)
            met[word] = NEAR_NOT;
        for (size_t t = 0; t < 3 && cases[i].terms[t] != NULL; t++) {
            snprintf(term, sizeof term, "%s", cases[i].terms[t]);
            near_meet(words, n, term, met);
        }
        near = near_words(met, n);
        if (near != cases[i].near)
            fail_msg("%s: %d", cases[i].typed, (int)near);
    }
}

static void
test_meeting_counts_the_words(void **state)
{
    const char *const typed[] = {"voetbal", "meiden", "schiedam"};
    enum near met[] = {NEAR_NOT, NEAR_NOT, NEAR_NOT};
    char first[] = "voetbal voor meiden", second[] = "voetballen";

    (void)state;
    assert_int_equal(near_meet(typed, 3, first, met), 2);
    assert_int_equal(near_meet(typed, 3, second, met), 1);
    assert_int_equal(met[0], NEAR_EXACT);
    assert_int_equal(met[2], NEAR_NOT);
}

// Every pair of ASCII characters, alone and before an accent: that it makes the text go through Unicode must
// not show.
static void
test_ascii_folds_as_unicode_does(void **state)
{
    struct arena *arena = arena_new(1 << 20);

    (void)state;
    assert_non_null(arena);
    for (int a = 1; a < 0x80; a++)
        for (int b = 1; b < 0x80; b++) {
            char ascii[8], unicode[8];

            snprintf(ascii, sizeof ascii, "%c%ce%c", a, b, a);
            snprintf(unicode, sizeof unicode, "%c%cé%c", a, b, a);
            assert_string_equal(text_fold(arena, ascii), text_fold(arena, unicode));
            arena_reset(arena);
        }
    assert_string_equal(text_fold(arena, " \t A  b\nZ@[`{ "), "a b z@[`{");
    assert_string_equal(text_fold(arena, ""), "");
    arena_free(arena);
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
        cmocka_unit_test(test_rings_go_outwards),
        cmocka_unit_test(test_cutting),
        cmocka_unit_test(test_word_by_word),
        cmocka_unit_test(test_meeting_counts_the_words),
        cmocka_unit_test(test_ascii_folds_as_unicode_does),
        cmocka_unit_test(test_one_typo_is_a_distance_of_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
