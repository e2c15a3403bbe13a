// SPDX-License-Identifier: Apache-2.0
// One typo can be found without a table of distances: where two texts first differ, each of the four kinds of
// typo says how they go on. Texts are UTF-8; a typo is one of whole characters.
#include "match/near.h"
#include <stdbool.h>
#include <string.h>

#define LEAST_FOR_TYPO 4u // characters

// ---- Plain text

// Whether a character is punctuation or a space. Beyond ASCII: U+2000..U+206F, curly quotes and dashes among
// them.
static bool
is_separator(const unsigned char *at)
{
    if (at[0] < 0x80)
        return !((at[0] >= 'a' && at[0] <= 'z') || (at[0] >= '0' && at[0] <= '9') ||
                 (at[0] >= 'A' && at[0] <= 'Z') || at[0] == '+' || at[0] == '#');
    return at[0] == 0xE2 && (at[1] == 0x80 || (at[1] == 0x81 && at[2] < 0xB0));
}

// Bytes of the character that text starts with; 0 at the end of text.
static size_t
character_length(const char *text)
{
    size_t length = text[0] == '\0' ? 0 : 1;

    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length++;
    return length;
}

void
near_plain(char *text)
{
    const char *from = text;
    char *to = text;

    while (*from != '\0') {
        if (!is_separator((const unsigned char *)from)) {
            *to++ = *from++; // byte by byte: no separator starts within a character
            continue;
        }
        if (to > text && to[-1] != ' ')
            *to++ = ' ';
        from += character_length(from);
    }
    if (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
}

// ---- Comparing

static bool
starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

// Whether typed, as it goes on, is the rest of the term, or a start of it.
static bool
goes_on(const char *typed, const char *term, bool prefix)
{
    return prefix ? starts_with(term, typed) : strcmp(term, typed) == 0;
}

static bool
same_character(const char *a, const char *b)
{
    size_t length = character_length(a);

    return length != 0 && length == character_length(b) && memcmp(a, b, length) == 0;
}

// Whether typed is one typo away from the term, or, with prefix, from a start of it.
static bool
one_typo(const char *typed, const char *term, bool prefix)
{
    size_t of_typed, of_term;

    while (same_character(typed, term)) {
        term += character_length(term);
        typed += character_length(typed);
    }
    of_typed = character_length(typed);
    of_term = character_length(term);
    if (of_typed != 0 && goes_on(typed + of_typed, term, prefix)) // one too many
        return true;
    if (of_term == 0)
        return false;
    if (goes_on(typed, term + of_term, prefix)) // one too few
        return true;
    if (of_typed == 0)
        return false;
    if (goes_on(typed + of_typed, term + of_term, prefix)) // a wrong one
        return true;
    return same_character(typed, term + of_term) && same_character(typed + of_typed, term) &&
           goes_on(typed + of_typed + of_term, term + of_term + of_typed, prefix); // two swapped
}

static bool
is_long(const char *typed)
{
    size_t characters = 0;

    for (; *typed != '\0' && characters < LEAST_FOR_TYPO; characters++)
        typed += character_length(typed);
    return characters == LEAST_FOR_TYPO;
}

// The word behind this one, or NULL.
static const char *
next_word(const char *term)
{
    const char *space = strchr(term, ' ');

    return space == NULL ? NULL : space + 1;
}

enum near
near_compare(const char *typed, const char *term)
{
    if (typed[0] == '\0')
        return NEAR_NOT;
    if (strcmp(typed, term) == 0)
        return NEAR_EXACT;
    if (starts_with(term, typed))
        return NEAR_PREFIX;
    for (const char *word = next_word(term); word != NULL; word = next_word(word))
        if (starts_with(word, typed))
            return NEAR_WORD;
    if (!is_long(typed))
        return NEAR_NOT;
    if (one_typo(typed, term, false))
        return NEAR_TYPO;
    if (one_typo(typed, term, true))
        return NEAR_TYPO_PREFIX;
    for (const char *word = next_word(term); word != NULL; word = next_word(word))
        if (one_typo(typed, word, true))
            return NEAR_TYPO_WORD;
    return NEAR_NOT;
}

unsigned
near_ring(enum near near)
{
    switch (near) {
    case NEAR_EXACT:
    case NEAR_PREFIX:
    case NEAR_WORD:
        return 0;
    case NEAR_TYPO:
    case NEAR_TYPO_PREFIX:
        return 1;
    case NEAR_TYPO_WORD:
        return 2;
    case NEAR_WORDS:
        return 3;
    case NEAR_TYPO_WORDS:
        return 4;
    case NEAR_NOT:
        break;
    }
    return 5;
}

// ---- Word by word

size_t
near_cut(char *text, const char **words, size_t max)
{
    size_t n = 0;

    while (*text != '\0') {
        char *space = strchr(text, ' ');

        if (n < max)
            words[n] = text;
        n++;
        if (space == NULL)
            break;
        *space = '\0';
        text = space + 1;
    }
    return n;
}

// The nearness of one word to another as far as it counts here: a typo is one in the whole word.
static enum near
word_near(const char *typed, const char *word)
{
    enum near near = near_compare(typed, word);

    return near <= NEAR_TYPO ? near : NEAR_NOT;
}

size_t
near_meet(const char *const *typed, size_t n, char *term, enum near *met)
{
    enum near best[NEAR_WORDS_MAX];
    size_t n_met = 0;

    for (size_t i = 0; i < n; i++)
        best[i] = NEAR_NOT;
    for (char *space; term != NULL; term = space == NULL ? NULL : space + 1) {
        space = strchr(term, ' ');
        if (space != NULL)
            *space = '\0';
        for (size_t i = 0; i < n; i++) {
            enum near near = word_near(typed[i], term);

            best[i] = near < best[i] ? near : best[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        n_met += best[i] != NEAR_NOT;
        met[i] = best[i] < met[i] ? best[i] : met[i];
    }
    return n_met;
}

enum near
near_words(const enum near *met, size_t n)
{
    enum near near = n == 0 ? NEAR_NOT : NEAR_WORDS;

    for (size_t i = 0; i < n; i++) {
        if (met[i] == NEAR_NOT)
            return NEAR_NOT;
        if (met[i] == NEAR_TYPO)
            near = NEAR_TYPO_WORDS;
    }
    return near;
}
