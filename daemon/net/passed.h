// SPDX-License-Identifier: Apache-2.0
// Sockets that the service manager opened and passed in (socket activation): they replace configured
// addresses, and outlive the daemon, so that a restart refuses nobody. Main thread.
#ifndef NET_PASSED_H
#define NET_PASSED_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>

struct address;

struct passed {
    bool plain_anywhere;    // given: sockets without TLS need not be on loopback
    bool admin_anywhere;    // given: the same for "admin"
    struct address *listen; // room for OPTIONS_LISTEN_MAX
    size_t n_listen;
    struct address *admin;
    size_t n_admin; // 0 or 1
};

// Takes what was passed, by its name: "listen" (the protocol, on loopback or a unix socket), "tls" (the same
// by TLS, on TCP; both are counted as listen) and "admin" (one TCP socket, on loopback). Where there is none
// of a kind its count is 0, and what is configured holds. 0, or FAULT for a socket of another name or kind,
// or one too many.
int passed_take(struct passed *out, struct fault *fault) MUST_CHECK;

#endif
