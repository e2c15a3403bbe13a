// SPDX-License-Identifier: Apache-2.0
// Bytes between a socket and a connection's buffers. Input memory goes from one connection to the next while
// nothing waits in it, so that a crowd of idle ones holds none. One thread.
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/attr.h"
#include "base/buf.h"
#include <stdbool.h>

#define STREAM_READ_BYTES (64u * 1024) // of one wake-up

// Gives a connection without input memory the spare one, if there is one.
void stream_borrow(struct buf *in, struct buf *spare);

// Takes input memory back that is larger than what waits in it needs.
void stream_return(struct buf *in, struct buf *spare);

// Sends of out what the socket takes at once, and drops it from out. 0 with *moved set to whether the socket
// took anything, or -errno when it is of no use any more.
int stream_send(int fd, struct buf *out, bool *moved) MUST_CHECK;

// Whether bytes of the peer wait in the socket: closing then would reset the connection and could take the
// last answers from it.
bool stream_has_unread(int fd);

#endif
