// SPDX-License-Identifier: Apache-2.0
// A socket in its loop: bytes between it, plain or by TLS, and a connection's buffers, and what the loop is
// asked to tell of it. Input memory goes from one connection to the next while nothing waits in it, so that a
// crowd of idle ones holds none. One thread.
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/attr.h"
#include "base/buf.h"
#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#define STREAM_READ_BYTES (64u * 1024) // of one wake-up

struct ssl_st;
struct tls;

// Its members are for stream.c; a struct that is all zero is not open.
struct stream {
    int fd;
    struct ssl_st *ssl; // NULL = plain
    struct event *readable, *writable;
    bool reading, writing; // readable or writable is added to the loop
    // What TLS waits for, other than a plain socket would:
    bool read_wants_room, send_wants_bytes, finish_wants_room;
    bool more; // TLS may hold bytes that the socket does not tell of
};

// Opens a stream on a connected socket that does not block, by TLS unless tls is NULL, and calls on_readable
// and on_writable with arg. 0; or -ENOMEM, and the socket stays open.
int stream_open(struct stream *stream, int fd, struct tls *tls, struct event_base *base,
                event_callback_fn on_readable, event_callback_fn on_writable, void *arg) MUST_CHECK;

// Closes the socket and frees. A stream that is not open is fine.
void stream_close(struct stream *stream);

// Whether a handshake of TLS is not done: what the socket brings then is work, and no request.
bool stream_shakes_hands(const struct stream *stream);

// Asks the loop to tell when the stream can be read, or can be sent to. 0 or -ENOMEM.
int stream_ask(struct stream *stream, bool read, bool send) MUST_CHECK;

// Whether the stream must be writable before the next stream_read makes sense.
static inline bool
stream_reads_by_writing(const struct stream *stream)
{
    return stream->read_wants_room;
}

// Whether more may be read without a word from the socket.
static inline bool
stream_has_more(const struct stream *stream)
{
    return stream->more;
}

// Reads once, behind what waits in the input, into the spare memory if the input has too little of its own.
// The number of bytes, 0 at the end of the stream, -EAGAIN when nothing is there, -EPROTO when TLS failed
// (tls_reason says why), or another -errno when the socket is of no use any more or memory is short.
// stream_return takes the memory back when the input has been handled.
ssize_t stream_read(struct stream *stream, struct buf *in, struct buf *spare) MUST_CHECK;

// Takes input memory back that is larger than what waits in it needs.
void stream_return(struct buf *in, struct buf *spare);

// Sends of out what the socket takes at once, and drops it from out. 0 with *moved set to whether the socket
// took anything, or -errno when it is of no use any more.
int stream_send(struct stream *stream, struct buf *out, bool *moved) MUST_CHECK;

// Bytes that the socket holds and the peer has not taken (tcp(7), unix(7): SIOCOUTQ), as far as that is
// known.
int stream_unsent(const struct stream *stream);

// Whether the peer has taken nothing since *unsent was noted, when nothing was sent since; notes it anew. One
// that took too little to make the socket writable has taken something.
bool stream_is_stalled(const struct stream *stream, int *unsent);

// Says the end of what is sent, where TLS has a word for it; nothing may wait to be sent. 0; -EAGAIN when the
// socket has no room for it, and the loop has been asked for that.
int stream_finish(struct stream *stream) MUST_CHECK;

// Whether bytes of the peer wait in the socket: closing then would reset the connection and could take the
// last answers from it.
bool stream_has_unread(const struct stream *stream);

// Reads once and forgets it. Whether more may come.
bool stream_discard(int fd);

#endif
