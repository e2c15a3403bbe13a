// SPDX-License-Identifier: Apache-2.0
// The address of a server, and a connection to it. One owner at a time.
#ifndef CLIENT_LIB_KANSEN_ADDRESS_H
#define CLIENT_LIB_KANSEN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

#define KANSEN_ADDRESS_TLS      "tls:"
#define KANSEN_ADDRESS_HOST_MAX 256u // bytes with the end

// Writes the host in "tls:HOST:PORT" or "tls:[IPv6]:PORT" to host, for the certificate to be held against.
// 0, KANSEN_E_ADDRESS when there is none, or KANSEN_E_MORE when server is not by TLS.
int kansen_address_tls_host(const char *server, char host[KANSEN_ADDRESS_HOST_MAX]);

// Connects to server ("unix:PATH", "HOST:PORT" or "[IPv6]:PORT", the latter two also behind "tls:") within
// timeout_ms and sets *fd to a socket that does not block. 0, KANSEN_E_ADDRESS, KANSEN_E_UNREACHABLE or
// KANSEN_E_TIMEOUT; then error holds the reason, for a person.
int kansen_address_connect(const char *server, uint32_t timeout_ms, int *fd, char *error, size_t error_size);

// Whether what goes to this address stays on this machine: a unix socket, or a loopback address.
bool kansen_address_is_local(const struct sockaddr *address);

#endif
