// SPDX-License-Identifier: Apache-2.0
// Invariant: what waits in a connection's input is never lost; without memory it stays where it is.
#include "net/stream.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define SMALL_REST 4096u        // of input; larger memory goes back while so little waits
#define KEEP_BYTES (64u * 1024) // output memory that an idle connection keeps

void
stream_borrow(struct buf *in, struct buf *spare)
{
    if (in->data != NULL)
        return;
    *in = *spare;
    *spare = (struct buf){0};
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
