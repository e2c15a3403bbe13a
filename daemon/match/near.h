// SPDX-License-Identifier: Apache-2.0
// How near a typed text comes to a term. Both are folded (text_fold) and made plain (near_plain) first. Pure;
// any thread.
#ifndef MATCH_NEAR_H
#define MATCH_NEAR_H

#include <stddef.h>

#define NEAR_WORDS_MAX 10u // of a typed text that is looked up word by word

// Best first. near_compare gives all but the two of near_words.
enum near {
    NEAR_EXACT,       // the term
    NEAR_PREFIX,      // the start of the term
    NEAR_WORD,        // the start of a later word of the term
    NEAR_TYPO,        // one typo away from the term
    NEAR_TYPO_PREFIX, // one typo away from a start of the term
    NEAR_TYPO_WORD,   // one typo away from a start of a later word of the term
    NEAR_WORDS,       // each typed word is the start of some word of the terms
    NEAR_TYPO_WORDS,  // the same, but some typed words are one typo away from a word
    NEAR_NOT,
};

// Makes text plain in place: letters, digits, + and # stay, all else becomes single spaces between words. So
// "'s-Gra" and "s gra", or a dotted code and its words, are the same.
void near_plain(char *text);

// One typo is a character too many, too few or wrong, or two neighbours swapped (Damerau-Levenshtein distance
// 1). A typed text of less than 4 characters gets no such help. An empty typed text is near nothing.
enum near near_compare(const char *typed, const char *term);

// The ring of a nearness, 0 the innermost: the term or a start of it or of its words, a typo in the term, one
// in a later word, single words, single words with typos. A hit counts only where no inner ring has any.
unsigned near_ring(enum near near);

// Cuts a plain text at its spaces, in place; words gets the first max of its words. Returns how many it has.
size_t near_cut(char *text, const char **words, size_t max);

// Betters met (per typed word the best nearness to some word of the terms so far; NEAR_NOT at first) by one
// more term, which is cut in place. Returns how many of the n typed words the term meets.
size_t near_meet(const char *const *typed, size_t n, char *term, enum near *met);

// NEAR_WORDS or NEAR_TYPO_WORDS if all n typed words are met, else NEAR_NOT.
enum near near_words(const enum near *met, size_t n);

#endif
