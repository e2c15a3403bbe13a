// SPDX-License-Identifier: Apache-2.0
// A large page lies at a multiple of its size, so memory that begins and ends there is on large pages whole.
#include "base/huge.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20)
#define LINE       ((size_t)64)
#define WORTH_IT   (2 * LARGE_PAGE) // below, the rest of the last page weighs more

void *
huge_alloc(size_t size)
{
    size_t unit = size < WORTH_IT ? LINE : LARGE_PAGE;
    void *memory;

    if (size > SIZE_MAX - unit)
        return NULL;
    size = size == 0 ? unit : (size + unit - 1) / unit * unit;
    memory = aligned_alloc(unit, size);
    if (memory != NULL && unit == LARGE_PAGE)
        (void)madvise(memory, size, MADV_HUGEPAGE); // without it all is as well, only slower
    return memory;
}
