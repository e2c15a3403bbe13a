// SPDX-License-Identifier: Apache-2.0
// Bytes between a socket and a connection's buffers. Input memory goes from one connection to the next while
// nothing waits in it, so that a crowd of idle ones holds none. One thread.
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/attr.h"
#include "base/buf.h"
#include <stdbool.h>
#include <sys/types.h>

#define STREAM_READ_BYTES (64u * 1024) // of one wake-up

// Reads once, behind what waits in the input, into the spare memory if the input has too little of its own.
// The number of bytes, 0 at the end of the stream, -EAGAIN when nothing is there, or another -errno when the
// socket is of no use any more or memory is short. stream_return takes the memory back when the input has
// been handled.
ssize_t stream_read(int fd, struct buf *in, struct buf *spare) MUST_CHECK;

// Takes input memory back that is larger than what waits in it needs.
void stream_return(struct buf *in, struct buf *spare);

// Sends of out what the socket takes at once, and drops it from out. 0 with *moved set to whether the socket
// took anything, or -errno when it is of no use any more.
int stream_send(int fd, struct buf *out, bool *moved) MUST_CHECK;

// Whether bytes of the peer wait in the socket: closing then would reset the connection and could take the
// last answers from it.
bool stream_has_unread(int fd);

// Reads once and forgets it. Whether more may come.
bool stream_discard(int fd);

#endif
