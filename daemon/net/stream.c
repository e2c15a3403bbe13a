// SPDX-License-Identifier: Apache-2.0
// Invariant: what waits in a connection's input is never lost; without memory it stays where it is.
#include "net/stream.h"
#include "net/tls.h"
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SMALL_REST 4096u         // of input; larger memory goes back while so little waits
#define KEEP_BYTES (64u * 1024)  // output memory that an idle connection keeps
#define SEND_BYTES (256u * 1024) // by TLS at once; then the others have their turn

// ---- Opening, and the loop

int
stream_open(struct stream *stream, int fd, struct tls *tls, struct event_base *base,
            event_callback_fn on_readable, event_callback_fn on_writable, void *arg)
{
    *stream = (struct stream){.fd = fd};
    stream->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, arg);
    stream->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, arg);
    if (tls != NULL)
        stream->ssl = tls_accept(tls, fd);
    if (stream->readable != NULL && stream->writable != NULL && (tls == NULL || stream->ssl != NULL))
        return 0;
    stream->fd = -1;
    stream_close(stream);
    return -ENOMEM;
}

void
stream_close(struct stream *stream)
{
    if (stream->readable != NULL)
        event_free(stream->readable);
    if (stream->writable != NULL)
        event_free(stream->writable);
    tls_close(stream->ssl);
    if (stream->fd >= 0)
        close(stream->fd);
    *stream = (struct stream){.fd = -1};
}

bool
stream_shakes_hands(const struct stream *stream)
{
    return stream->ssl != NULL && !tls_is_open(stream->ssl);
}

// Adds the event to the loop or takes it out, unless it is so already. 0 or -ENOMEM.
static int
ask_for(struct event *event, bool wanted, bool *added)
{
    if (wanted == *added)
        return 0;
    if ((wanted ? event_add(event, NULL) : event_del(event)) != 0)
        return -ENOMEM;
    *added = wanted;
    return 0;
}

int
stream_ask(struct stream *stream, bool read, bool send)
{
    bool readable = (read && !stream->read_wants_room) || (send && stream->send_wants_bytes);
    bool writable =
        (send && !stream->send_wants_bytes) || (read && stream->read_wants_room) || stream->finish_wants_room;
    int rc = ask_for(stream->readable, readable, &stream->reading);

    return rc == 0 ? ask_for(stream->writable, writable, &stream->writing) : rc;
}

// ---- Reading

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

// The end of a client's handshake is answered by nothing, so the system would put off acknowledging it, and a
// client that leaves Nagle's algorithm on (RFC 896) would hold its first request back for that long, 40 ms.
static void
acknowledge_soon(const struct stream *stream)
{
    int one = 1;

    if (!tls_is_open(stream->ssl))
        (void)setsockopt(stream->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

// Reads the records that are there, as far as they fit. What comes behind bytes that were read is told by the
// next read.
static ssize_t
read_records(struct stream *stream, uint8_t *to)
{
    size_t len = 0;
    ssize_t got;

    stream->read_wants_room = false;
    do {
        enum tls_wants wants = TLS_WANTS_READ;

        got = tls_read(stream->ssl, to + len, STREAM_READ_BYTES - len, &wants);
        if (got > 0)
            len += (size_t)got;
        if (got == -EAGAIN) {
            stream->read_wants_room = wants == TLS_WANTS_WRITE;
            acknowledge_soon(stream);
        }
    } while (got > 0 && len < STREAM_READ_BYTES && tls_has_pending(stream->ssl));
    stream->more = len > 0 && got != -EAGAIN && (got <= 0 || tls_has_pending(stream->ssl));
    return len > 0 ? (ssize_t)len : got;
}

static ssize_t
read_plain(const struct stream *stream, uint8_t *to)
{
    ssize_t got = recv(stream->fd, to, STREAM_READ_BYTES, 0);

    if (got >= 0)
        return got;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
}

ssize_t
stream_read(struct stream *stream, struct buf *in, struct buf *spare)
{
    uint8_t *to;
    ssize_t got;

    borrow(in, spare);
    to = buf_reserve(in, STREAM_READ_BYTES);
    if (to == NULL)
        return -ENOMEM;
    got = stream->ssl == NULL ? read_plain(stream, to) : read_records(stream, to);
    if (got >= 0)
        buf_commit(in, (size_t)got);
    else
        stream_return(in, spare);
    return got;
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

// ---- Sending

// Sends records of the first bytes of out. The number of bytes, 0 when there is no room for any, or -errno.
static ssize_t
send_records(struct stream *stream, const struct buf *out)
{
    size_t len = buf_len(out) < SEND_BYTES ? buf_len(out) : SEND_BYTES, done = 0;
    ssize_t sent;

    stream->send_wants_bytes = false;
    do {
        enum tls_wants wants = TLS_WANTS_WRITE;

        // All of out, as a record that could not be sent may have been made of more than what is sent now.
        sent = tls_write(stream->ssl, buf_bytes(out) + done, buf_len(out) - done, &wants);
        if (sent > 0)
            done += (size_t)sent;
        if (sent == -EAGAIN)
            stream->send_wants_bytes = wants == TLS_WANTS_READ;
    } while (sent > 0 && done < len);
    return done > 0 || sent == -EAGAIN ? (ssize_t)done : sent;
}

static ssize_t
send_plain(const struct stream *stream, const struct buf *out)
{
    ssize_t sent = send(stream->fd, buf_bytes(out), buf_len(out), MSG_NOSIGNAL);

    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
}

int
stream_send(struct stream *stream, struct buf *out, bool *moved)
{
    ssize_t sent;

    *moved = false;
    if (buf_len(out) == 0)
        return 0;
    sent = stream->ssl == NULL ? send_plain(stream, out) : send_records(stream, out);
    if (sent < 0)
        return (int)sent;
    buf_consume(out, (size_t)sent);
    *moved = sent > 0;
    if (buf_len(out) == 0 && out->size > KEEP_BYTES)
        buf_free(out);
    return 0;
}

int
stream_unsent(const struct stream *stream)
{
    int bytes = 0;

    return ioctl(stream->fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

bool
stream_is_stalled(const struct stream *stream, int *unsent)
{
    int before = *unsent;

    *unsent = stream_unsent(stream);
    return *unsent >= before;
}

int
stream_finish(struct stream *stream)
{
    int rc = stream->ssl == NULL ? 0 : tls_finish(stream->ssl);

    stream->finish_wants_room = rc == -EAGAIN;
    return rc;
}

bool
stream_has_unread(const struct stream *stream)
{
    int bytes = 0;

    return ioctl(stream->fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

bool
stream_discard(int fd)
{
    char nothing[4096];
    ssize_t got = recv(fd, nothing, sizeof nothing, 0);

    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}
