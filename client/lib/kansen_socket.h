// SPDX-License-Identifier: Apache-2.0
// A session's bytes over a socket that does not block, for both fronts. They are functions of this header
// because the fronts are in two libraries. A fault ends the session's connection.
#ifndef CLIENT_LIB_KANSEN_SOCKET_H
#define CLIENT_LIB_KANSEN_SOCKET_H

#include "client/lib/kansen.h"
#include "client/lib/kansen_session.h"
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static inline uint64_t
kansen_socket_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// Whether the session has the socket in use.
static inline bool
kansen_socket_is_open(const struct kansen_session *session)
{
    enum kansen_session_state state = kansen_session_state(session);

    return state == KANSEN_SESSION_OPENING || state == KANSEN_SESSION_READY;
}

static inline void
kansen_socket_broke(struct kansen_session *session, int number, uint64_t now_ms)
{
    char why[128];

    snprintf(why, sizeof why, "the connection broke: %s", strerror(number));
    kansen_session_broken(session, KANSEN_E_CLOSED, why, now_ms);
}

static inline bool
kansen_socket_would_block(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

// Sends what waits. Whether anything was sent.
static inline bool
kansen_socket_write(struct kansen_session *session, int fd, uint64_t now_ms)
{
    size_t len;
    const uint8_t *data = kansen_session_output(session, &len);
    ssize_t n = len > 0 ? send(fd, data, len, MSG_NOSIGNAL) : 0;

    if (n > 0)
        kansen_session_sent(session, (size_t)n);
    // A peer that closed may have said why: what it sent is read first.
    if (n < 0 && !kansen_socket_would_block(errno) && errno != EPIPE && errno != ECONNRESET)
        kansen_socket_broke(session, errno, now_ms);
    return n > 0;
}

// Reads once, by way of size bytes at data. Whether anything came, be it the end.
static inline bool
kansen_socket_read(struct kansen_session *session, int fd, void *data, size_t size, uint64_t now_ms)
{
    ssize_t n = recv(fd, data, size, 0);

    if (n < 0 && kansen_socket_would_block(errno))
        return false;
    if (n > 0)
        kansen_session_feed(session, data, (size_t)n, now_ms);
    else if (n == 0)
        kansen_session_broken(session, KANSEN_E_CLOSED, "the daemon closed the connection", now_ms);
    else
        kansen_socket_broke(session, errno, now_ms);
    return true;
}

#endif
