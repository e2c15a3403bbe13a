// SPDX-License-Identifier: Apache-2.0
// Invariant: data holds what was read and not given out; the line that was given out lies before it and is
// dropped by the next call.
#include "client/cli/lines.h"
#include "base/buf.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE (64u * 1024)

struct lines {
    int fd;
    size_t max, given; // bytes of the line that was given out
    bool ended;
    unsigned long long bytes;
    struct buf data;
};

struct lines *
lines_new(int fd, size_t max)
{
    struct lines *lines = calloc(1, sizeof *lines);

    if (lines == NULL)
        return NULL;
    lines->fd = fd;
    lines->max = max;
    return lines;
}

void
lines_free(struct lines *lines)
{
    if (lines == NULL)
        return;
    buf_free(&lines->data);
    free(lines);
}

static char *
find_end(const struct lines *lines)
{
    size_t len = buf_len(&lines->data) - lines->given;

    return len > 0 ? memchr(buf_bytes(&lines->data) + lines->given, '\n', len) : NULL;
}

bool
lines_ready(const struct lines *lines)
{
    struct pollfd ready = {.fd = lines->fd, .events = POLLIN};

    return lines->ended || find_end(lines) != NULL || poll(&ready, 1, 0) != 0;
}

// Reads more bytes. 0 or -errno.
static int
read_more(struct lines *lines)
{
    uint8_t *to = buf_reserve(&lines->data, READ_SIZE + 1); // one more for a NUL at the end of the file
    ssize_t n;

    if (to == NULL)
        return -ENOMEM;
    do
        n = read(lines->fd, to, READ_SIZE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    lines->ended = n == 0;
    lines->bytes += (unsigned long long)n;
    buf_commit(&lines->data, (size_t)n);
    return 0;
}

// Gives out the first len bytes, of which end more than that belong to the line end.
static int
give(struct lines *lines, size_t len, size_t end, bool too_long, char **line, size_t *line_len)
{
    char *text = (char *)lines->data.data + lines->data.start;

    lines->given = len + end;
    if (too_long || len > lines->max)
        return LINES_E_LONG;
    if (len > 0 && text[len - 1] == '\r')
        len--;
    text[len] = '\0';
    *line = text;
    *line_len = len;
    return 0;
}

int
lines_next(struct lines *lines, char **line, size_t *len)
{
    bool too_long = false;

    buf_consume(&lines->data, lines->given);
    lines->given = 0;
    for (;;) {
        char *end = find_end(lines);
        size_t held = buf_len(&lines->data);
        int result;

        if (end != NULL)
            return give(lines, (size_t)(end - (char *)buf_bytes(&lines->data)), 1, too_long, line, len);
        if (lines->ended && held == 0)
            return too_long ? LINES_E_LONG : LINES_E_END;
        if (lines->ended) {
            if (buf_reserve(&lines->data, 1) == NULL)
                return -ENOMEM;
            return give(lines, held, 0, too_long, line, len);
        }
        if (held > lines->max) {
            too_long = true;
            buf_consume(&lines->data, held);
        }
        result = read_more(lines);
        if (result != 0)
            return result;
    }
}

unsigned long long
lines_bytes(const struct lines *lines)
{
    return lines->bytes;
}
