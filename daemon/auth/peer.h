// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a socket. Any thread.
#ifndef AUTH_PEER_H
#define AUTH_PEER_H

#include "auth/role.h"
#include "base/attr.h"
#include "base/fault.h"

// Fills identity, which is all zero, for a connected socket: on a unix socket root and the daemon's own user
// are operators; anybody else, and everybody on TCP, has no role until a token says one. 0, or FAULT
// (PERMISSION_DENIED) when the socket does not tell.
int peer_identify(int fd, struct identity *identity, struct fault *fault) MUST_CHECK;

#endif
