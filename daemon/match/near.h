// SPDX-License-Identifier: Apache-2.0
// How near a typed text comes to a term. Both are folded (text_fold) and made plain (near_plain) first. Pure;
// any thread.
#ifndef MATCH_NEAR_H
#define MATCH_NEAR_H

// Best first.
enum near {
    NEAR_EXACT,       // the term
    NEAR_PREFIX,      // the start of the term
    NEAR_WORD,        // the start of a later word of the term
    NEAR_TYPO,        // one typo away from the term
    NEAR_TYPO_PREFIX, // one typo away from a start of the term
    NEAR_TYPO_WORD,   // one typo away from a start of a later word of the term
    NEAR_NOT,
};

// Makes text plain in place: letters, digits, + and # stay, all else becomes single spaces between words. So
// "'s-Gra" and "s gra", or a dotted code and its words, are the same.
void near_plain(char *text);

// One typo is a character too many, too few or wrong, or two neighbours swapped (Damerau-Levenshtein distance
// 1). A typed text of less than 4 characters gets no such help. An empty typed text is near nothing.
enum near near_compare(const char *typed, const char *term);

#endif
