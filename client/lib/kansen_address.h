// SPDX-License-Identifier: Apache-2.0
// The address of a server, and a connection to it. One owner at a time.
#ifndef CLIENT_LIB_KANSEN_ADDRESS_H
#define CLIENT_LIB_KANSEN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct sockaddr_un;

#define KANSEN_ADDRESS_TLS      "tls:"
#define KANSEN_ADDRESS_HOST_MAX 256u // bytes with the end

// Writes the host in "tls:HOST:PORT" or "tls:[IPv6]:PORT" to host, for the certificate to be held against.
// 0, KANSEN_E_ADDRESS when there is none, or KANSEN_E_MORE when server is not by TLS.
int kansen_address_tls_host(const char *server, char host[KANSEN_ADDRESS_HOST_MAX]);

// Sets *address for "unix:PATH". 0, KANSEN_E_MORE when server is no unix socket, or KANSEN_E_ADDRESS with a
// reason in error.
int kansen_address_unix(const char *server, struct sockaddr_un *address, char *error, size_t error_size);

// Writes the host of any other server to host and sets *port to its port, a part of server. 0, or
// KANSEN_E_ADDRESS with a reason in error.
int kansen_address_host(const char *server, char host[KANSEN_ADDRESS_HOST_MAX], const char **port,
                        char *error, size_t error_size);

// Begins to connect a socket that does not block, and sets *fd. 0, EINPROGRESS (the socket can be written to
// once that is decided), or another errno; then there is no socket.
int kansen_address_start(const struct sockaddr *address, socklen_t len, int *fd);

// Whether server is an address at all. 0 or KANSEN_E_ADDRESS; then error holds the reason, for a person.
int kansen_address_check(const char *server, char *error, size_t error_size);

// Connects to server ("unix:PATH", "HOST:PORT" or "[IPv6]:PORT", the latter two also behind "tls:") within
// timeout_ms and sets *fd to a socket that does not block. 0, KANSEN_E_ADDRESS, KANSEN_E_UNREACHABLE or
// KANSEN_E_TIMEOUT; then error holds the reason, for a person.
int kansen_address_connect(const char *server, uint32_t timeout_ms, int *fd, char *error, size_t error_size);

// Whether what goes to this address stays on this machine: a unix socket, or a loopback address.
bool kansen_address_is_local(const struct sockaddr *address);

#endif
