// SPDX-License-Identifier: Apache-2.0
// Which word was meant by one that is not known. Pure; any thread.
#ifndef BASE_SPELLING_H
#define BASE_SPELLING_H

#include <stddef.h>

#define SPELLING_MAX 64u // bytes of a word; longer ones are near to nothing

// How many bytes have to be put in, taken out, replaced, or swapped with the next one, to get from one word
// to the other (optimal string alignment). SPELLING_MAX for words that are too long.
size_t spelling_distance(const char *a, const char *b);

// The word with the smallest distance, the first of equal ones; NULL when none is as near as a third of the
// given word's length.
const char *spelling_nearest(const char *given, const char *const *words, size_t n);

#endif
