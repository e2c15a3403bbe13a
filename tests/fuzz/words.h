// SPDX-License-Identifier: Apache-2.0
// Words and numbers that mean something in the store that the targets run on (world.c). Constant data; any
// thread.
#ifndef TESTS_FUZZ_WORDS_H
#define TESTS_FUZZ_WORDS_H

#include <stdint.h>

// A word that suits a field of that name, or any, by a number that was thrown.
const char *words_for(const char *field, uint32_t thrown);
const char *words_any(uint32_t thrown);

// Postcodes, qualifications, positions in millionths of a degree, microseconds of the day that it is.
extern const uint64_t words_numbers[16];

#endif
