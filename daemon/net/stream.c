// SPDX-License-Identifier: Apache-2.0
// Invariant: what waits in a connection's input is never lost; without memory it stays where it is.
#include "net/stream.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define SMALL_REST 4096u        // of input; larger memory goes back while so little waits
#define KEEP_BYTES (64u * 1024) // output memory that an idle connection keeps

// Moves what waits into the spare memory, so that the rest of a frame does not cost new memory at each read.
static void
borrow(struct buf *in, struct buf *spare)
{
    struct buf larger = *spare;

    if (in->size >= STREAM_READ_BYTES || larger.data == NULL ||
        buf_append(&larger, buf_bytes(in), buf_len(in)) != 0)
        return;
    buf_free(in);
    *in = larger;
    *spare = (struct buf){0};
}

ssize_t
stream_read(int fd, struct buf *in, struct buf *spare)
{
    uint8_t *to;
    ssize_t got;
    int error;

    borrow(in, spare);
    to = buf_reserve(in, STREAM_READ_BYTES);
    if (to == NULL)
        return -ENOMEM;
    got = recv(fd, to, STREAM_READ_BYTES, 0);
    if (got >= 0) {
        buf_commit(in, (size_t)got);
        return got;
    }
    error = errno;
    stream_return(in, spare);
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ? -EAGAIN : -error;
}

void
stream_return(struct buf *in, struct buf *spare)
{
    struct buf rest = {0};

    if (in->size < STREAM_READ_BYTES || buf_len(in) > SMALL_REST)
        return;
    if (buf_append(&rest, buf_bytes(in), buf_len(in)) != 0)
        return;
    buf_consume(in, buf_len(in));
    if (spare->data == NULL && in->size <= 2 * STREAM_READ_BYTES)
        *spare = *in;
    else
        buf_free(in);
    *in = rest;
}

int
stream_send(int fd, struct buf *out, bool *moved)
{
    ssize_t sent;

    *moved = false;
    if (buf_len(out) == 0)
        return 0;
    sent = send(fd, buf_bytes(out), buf_len(out), MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
    buf_consume(out, (size_t)sent);
    *moved = sent > 0;
    if (buf_len(out) == 0 && out->size > KEEP_BYTES)
        buf_free(out);
    return 0;
}

bool
stream_has_unread(int fd)
{
    int bytes = 0;

    return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

bool
stream_discard(int fd)
{
    char nothing[4096];
    ssize_t got = recv(fd, nothing, sizeof nothing, 0);

    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}
