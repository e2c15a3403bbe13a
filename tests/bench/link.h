// SPDX-License-Identifier: Apache-2.0
// A connection of the load generator, plain or by TLS. Faults of TLS end the program with a message.
#ifndef TESTS_BENCH_LINK_H
#define TESTS_BENCH_LINK_H

#include <stddef.h>
#include <sys/types.h>

struct ssl_st;

struct link {
    int fd;
    struct ssl_st *ssl; // NULL = plain
};

// Connects to an IPv4 address, or to the unix socket that host names if it begins with '/'; by TLS if ca is
// not NULL, which names a PEM file of certificates that the daemon's, for that address, must be signed by.
// The socket blocks.
struct link link_connect(const char *host, unsigned port, const char *ca);
void link_close(struct link *link);

// As send and recv.
ssize_t link_send(struct link *link, const void *bytes, size_t len);
ssize_t link_recv(struct link *link, void *to, size_t size);

#endif
