// SPDX-License-Identifier: Apache-2.0
// How and when a connection ends: for conn.c only. Unless told otherwise the connection is not freed.
#ifndef NET_CONN_END_H
#define NET_CONN_END_H

#include "base/attr.h"
#include "base/fault.h"
#include "net/timeouts.h"
#include <stdbool.h>

struct conn;

// Says why the connection ends, reads no more, and has what is under way answered. 0 or -ENOMEM.
int conn_end_fault(struct conn *conn, const struct fault *fault) MUST_CHECK;

// The caller may call no more, and was told so: nothing else is answered, and the connection ends.
void conn_end_shut_out(struct conn *conn);

// A stranger may have said who calls.
void conn_end_strange(struct conn *conn);

// All is answered and sent: says the end, and waits for the peer to take it where that matters. The state is
// CONN_CLOSED then, or CONN_LINGERING; or CONN_CLOSING still, when the socket has no room yet.
void conn_end_sent(struct conn *conn);

// TLS failed. Frees the connection, or lets it linger.
void conn_end_tls(struct conn *conn);

// Which time limit holds for it now.
enum timeout conn_end_limit(const struct conn *conn);

// Whether what has happened since that was asked last lets the time begin again.
bool conn_end_begins_again(const struct conn *conn, enum timeout limit);

// What comes while it lingers (what is of libevent, EV_READ or EV_TIMEOUT) is thrown away. Frees the
// connection once that is over.
void conn_end_discard(struct conn *conn, short what);

#endif
