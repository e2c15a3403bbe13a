// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a socket. Any thread.
#ifndef AUTH_PEER_H
#define AUTH_PEER_H

#include "auth/role.h"
#include "base/attr.h"
#include "base/fault.h"

// Fills identity for a connected socket: on a unix socket the peer's uid decides (root and the daemon's own
// user are operators), on TCP, which listens on loopback only, everybody is an operator until there are
// tokens. 0, or FAULT (PERMISSION_DENIED) for anyone else.
int peer_identify(int fd, struct identity *identity, struct fault *fault) MUST_CHECK;

#endif
