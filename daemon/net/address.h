// SPDX-License-Identifier: Apache-2.0
// Addresses to listen on. Any thread.
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADDRESS_TEXT_MAX 128u // bytes with the end
#define ADDRESS_TLS      "tls:"

struct address {
    struct sockaddr_storage addr;
    socklen_t len;
    bool tls;
    int passed_fd;               // a socket that listens there already and is somebody else's; 0 = none
    char text[ADDRESS_TEXT_MAX]; // as it was given, for messages; cut when too long
};

// Reads "unix:PATH", "tls:ADDR:PORT", "ADDR:PORT", "[ADDR6]:PORT" or "localhost:PORT" (numbers only
// otherwise); port 0 = any free one. Addresses that others than this machine can reach are refused without
// tls:, unless plain_anywhere. 0 or FAULT; its field is the option's key.
int address_parse(const char *text, const char *option, bool plain_anywhere, struct address *out,
                  struct fault *fault) MUST_CHECK;

// The same for "ADDR:PORT" only, on loopback unless anywhere.
int address_parse_tcp(const char *text, const char *option, bool anywhere, struct address *out,
                      struct fault *fault) MUST_CHECK;

// What a socket that is passed may be beside TCP on loopback.
#define ADDRESS_MAY_BE_UNIX     0x1u
#define ADDRESS_MAY_BE_ANYWHERE 0x2u // TCP that others than this machine can reach

// Describes a stream socket that listens already, and makes it non-blocking. Its file stays when the daemon
// ends, so that a service manager can keep it. 0 or FAULT.
int address_of_passed(int fd, const char *option, unsigned may_be, struct address *out,
                      struct fault *fault) MUST_CHECK;

// Writes the address that fd is bound to, in the form above; returns out.
char *address_of_socket(int fd, char out[ADDRESS_TEXT_MAX]);

// The socket that was passed, or one that is bound to the address and listens, not blocking, closed on exec;
// everybody may connect to a unix socket, as the peer's uid decides what comes of it. -errno when that does
// not go.
int address_listen(const struct address *address, int backlog) MUST_CHECK;

// The path of a unix address, NULL for the others.
const char *address_path(const struct address *address);

// The path of a unix socket whose file the daemon makes and removes; NULL for the others.
const char *address_own_path(const struct address *address);

#endif
