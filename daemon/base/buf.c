// SPDX-License-Identifier: Apache-2.0
// Invariant: start <= end <= size; an empty buffer starts at 0 again.
#include "base/buf.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SIZE 4096u

static void
move_to_front(struct buf *buf)
{
    if (buf->start == 0)
        return;
    memmove(buf->data, buf->data + buf->start, buf_len(buf));
    buf->end -= buf->start;
    buf->start = 0;
}

uint8_t *
buf_reserve(struct buf *buf, size_t more)
{
    size_t wanted, size;
    uint8_t *data;

    if (buf->size - buf->end >= more && buf->data != NULL)
        return buf->data + buf->end;
    if (__builtin_add_overflow(buf_len(buf), more, &wanted))
        return NULL;
    if (buf->data != NULL)
        move_to_front(buf);
    if (buf->size >= wanted && buf->data != NULL)
        return buf->data + buf->end;
    size = buf->size < LEAST_SIZE ? LEAST_SIZE : buf->size;
    while (size < wanted && size <= SIZE_MAX / 2)
        size *= 2;
    if (size < wanted)
        return NULL;
    data = realloc(buf->data, size);
    if (data == NULL)
        return NULL;
    buf->data = data;
    buf->size = size;
    return data + buf->end;
}

void
buf_commit(struct buf *buf, size_t written)
{
    assert(written <= buf->size - buf->end);
    buf->end += written;
}

int
buf_append(struct buf *buf, const void *bytes, size_t len)
{
    uint8_t *to;

    if (len == 0)
        return 0;
    to = buf_reserve(buf, len);
    if (to == NULL)
        return -ENOMEM;
    memcpy(to, bytes, len);
    buf_commit(buf, len);
    return 0;
}

void
buf_consume(struct buf *buf, size_t len)
{
    assert(len <= buf_len(buf));
    buf->start += len;
    if (buf->start == buf->end)
        buf->start = buf->end = 0;
}

void
buf_truncate(struct buf *buf, size_t len)
{
    assert(len <= buf_len(buf));
    buf->end = buf->start + len;
}

void
buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}
