// SPDX-License-Identifier: Apache-2.0
// A piece of a file that is in memory. It owns nothing. Pure; any thread.
#ifndef VERIFY_SLICE_H
#define VERIFY_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *at; // not ended by a NUL
    size_t len;
};

#define SLICE_ARGS(slice) (int)(slice).len, (slice).at // for %.*s; of texts that are known to be short

static inline struct slice
slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static inline bool
slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool
slice_is(struct slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}

// As memcmp; of two the one that the other begins with comes first.
static inline int
slice_compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.at, b.at, len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

#endif
