// SPDX-License-Identifier: Apache-2.0
// What every fuzz target starts with. A target is one file, fuzz_NAME.c, that defines LLVMFuzzerTestOneInput
// and is named in targets.mk. It says with assert what must hold for any input; asserts stay on in all
// builds.
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

// What libFuzzer calls. Initialize, CustomMutator and CustomCrossOver only where the target defines them.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size,
                                 uint8_t *out, size_t max, unsigned seed);

// What libFuzzer offers: its own mutations of plain bytes; returns the new size.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

// Takes the first byte of the input; 0 when there is none.
static inline uint8_t
fuzz_byte(const uint8_t **data, size_t *size)
{
    if (*size == 0)
        return 0;
    --*size;
    return *(*data)++;
}

#endif
