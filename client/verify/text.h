// SPDX-License-Identifier: Apache-2.0
// A text that grows, for lines that are derived. An all-zero struct is empty. One thread.
#ifndef VERIFY_TEXT_H
#define VERIFY_TEXT_H

#include "client/verify/slice.h"

struct text {
    char *bytes;
    size_t len, room;
    bool short_of_memory; // something is missing then
};

void text_clear(struct text *text);
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_slice(struct text *text, struct slice slice);
void text_free(struct text *text);

static inline struct slice
text_slice(const struct text *text)
{
    return (struct slice){text->bytes, text->len};
}

#endif
