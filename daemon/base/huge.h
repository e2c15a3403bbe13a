// SPDX-License-Identifier: Apache-2.0
// Memory for large arrays that are read here and there, on large pages where the system has them: with pages
// of 4 KiB, finding the page takes as long as reading it. Any thread.
#ifndef BASE_HUGE_H
#define BASE_HUGE_H

#include "base/attr.h"
#include <stddef.h>

// Memory of any content, aligned to a line of the cache (64 bytes) at least, for free(). NULL when memory is
// short.
void *huge_alloc(size_t size) MUST_CHECK;

#endif
