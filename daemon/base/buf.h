// SPDX-License-Identifier: Apache-2.0
// A growing row of bytes: filled at the end, consumed from the front. Not thread-safe: one owner at a time.
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data; // memory; the content is data + start .. data + end
    size_t start, end, size;
};

// The content and its length.
static inline const uint8_t *
buf_bytes(const struct buf *buf)
{
    return buf->data == NULL ? NULL : buf->data + buf->start; // no arithmetic on NULL
}

static inline size_t
buf_len(const struct buf *buf)
{
    return buf->end - buf->start;
}

// Makes room for more bytes behind the content and returns where they go, or NULL when memory is short. What
// was written there becomes content by buf_commit.
uint8_t *buf_reserve(struct buf *buf, size_t more) MUST_CHECK;
void buf_commit(struct buf *buf, size_t written);

// Adds bytes at the end. 0 or -ENOMEM.
int buf_append(struct buf *buf, const void *bytes, size_t len) MUST_CHECK;

// Drops len bytes (at most the content) from the front.
void buf_consume(struct buf *buf, size_t len);

// Drops content behind the first len bytes.
void buf_truncate(struct buf *buf, size_t len);

// Gives the memory back; the buffer is empty and usable again. An all-zero struct is an empty buffer.
void buf_free(struct buf *buf);

#endif
