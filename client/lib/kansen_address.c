// SPDX-License-Identifier: Apache-2.0
// Every address of a host is tried in the resolver's order; the last reason is the one that is told.
#include "client/lib/kansen_address.h"
#include "client/lib/kansen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FORMS    "unix:PATH, HOST:PORT, [IPv6]:PORT or tls:HOST:PORT"
#define UNIX     "unix:"
#define RETRY_MS 10 // between tries while a unix socket's queue is full
#define HOST_MAX KANSEN_ADDRESS_HOST_MAX

// Waits until the connection is made. 0, a positive errno, or ETIMEDOUT.
static int
wait_connected(int fd, uint32_t timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int error = 0, n;
    socklen_t len = sizeof error;

    do
        n = poll(&ready, 1, (int)timeout_ms);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n == 0 ? ETIMEDOUT : errno;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

int
kansen_address_start(const struct sockaddr *address, socklen_t len, int *out)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, error = 0;

    if (fd < 0)
        return errno;
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, address, len) != 0)
        error = errno == EINTR ? EINPROGRESS : errno;
    if (error != 0 && error != EINPROGRESS) {
        close(fd);
        return error;
    }
    *out = fd;
    return error;
}

// Connects one socket. 0 or a positive errno.
static int
connect_one(const struct sockaddr *address, socklen_t len, uint32_t timeout_ms, int *out)
{
    int fd = -1, error;

    while ((error = kansen_address_start(address, len, &fd)) == EAGAIN && timeout_ms >= RETRY_MS) {
        timeout_ms -= RETRY_MS;
        poll(NULL, 0, RETRY_MS);
    }
    if (error == EINPROGRESS) {
        error = wait_connected(fd, timeout_ms);
        if (error != 0)
            close(fd);
    }
    if (error == 0)
        *out = fd;
    return error;
}

static int
outcome(int number, const char *server, char *error, size_t error_size)
{
    snprintf(error, error_size, "could not reach %s: %s", server, strerror(number));
    return number == ETIMEDOUT ? KANSEN_E_TIMEOUT : KANSEN_E_UNREACHABLE;
}

int
kansen_address_unix(const char *server, struct sockaddr_un *address, char *error, size_t error_size)
{
    const char *path = server + strlen(UNIX);

    if (strncmp(server, UNIX, strlen(UNIX)) != 0)
        return KANSEN_E_MORE;
    if (path[0] == '\0' || strlen(path) >= sizeof address->sun_path) {
        snprintf(error, error_size, "%s: the path of a unix socket has 1 to %zu bytes", server,
                 sizeof address->sun_path - 1);
        return KANSEN_E_ADDRESS;
    }
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, strlen(path) + 1);
    return 0;
}

// Cuts "HOST:PORT" or "[HOST]:PORT" in two. 0 or KANSEN_E_ADDRESS.
static int
split(const char *server, char host[HOST_MAX], const char **port)
{
    const char *end = strrchr(server, ':'), *start = server;
    size_t len;

    if (end == NULL || end[1] == '\0' || strspn(end + 1, "0123456789") != strlen(end + 1) ||
        strlen(end + 1) > 5)
        return KANSEN_E_ADDRESS;
    *port = end + 1;
    if (server[0] == '[') {
        if (end == server || end[-1] != ']')
            return KANSEN_E_ADDRESS;
        start++;
        end--;
    } else if (memchr(server, ':', (size_t)(end - server)) != NULL) {
        return KANSEN_E_ADDRESS; // an IPv6 address without brackets
    }
    len = (size_t)(end - start);
    if (len == 0 || len >= HOST_MAX)
        return KANSEN_E_ADDRESS;
    memcpy(host, start, len);
    host[len] = '\0';
    return 0;
}

// What is behind "tls:", or all where it is not by TLS.
static const char *
skip_tls(const char *server)
{
    bool tls = strncmp(server, KANSEN_ADDRESS_TLS, strlen(KANSEN_ADDRESS_TLS)) == 0;

    return tls ? server + strlen(KANSEN_ADDRESS_TLS) : server;
}

int
kansen_address_tls_host(const char *server, char host[HOST_MAX])
{
    const char *rest = skip_tls(server), *port;

    return rest == server ? KANSEN_E_MORE : split(rest, host, &port);
}

int
kansen_address_host(const char *server, char host[HOST_MAX], const char **port, char *error,
                    size_t error_size)
{
    if (split(skip_tls(server), host, port) == 0)
        return 0;
    snprintf(error, error_size, "%s is no address of a server, allowed: " FORMS, server);
    return KANSEN_E_ADDRESS;
}

int
kansen_address_check(const char *server, char *error, size_t error_size)
{
    struct sockaddr_un address;
    char host[HOST_MAX];
    const char *port;
    int result = kansen_address_unix(server, &address, error, error_size);

    return result != KANSEN_E_MORE ? result : kansen_address_host(server, host, &port, error, error_size);
}

static int
connect_host(const char *server, uint32_t timeout_ms, int *fd, char *error, size_t error_size)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char host[HOST_MAX];
    const char *port;
    int number = kansen_address_host(server, host, &port, error, error_size);

    if (number != 0)
        return number;
    number = getaddrinfo(host, port, &hints, &found);
    if (number != 0) {
        snprintf(error, error_size, "could not reach %s: %s", server, gai_strerror(number));
        return KANSEN_E_UNREACHABLE;
    }
    number = ENOENT;
    for (struct addrinfo *one = found; one != NULL && number != 0; one = one->ai_next)
        number = connect_one(one->ai_addr, one->ai_addrlen, timeout_ms, fd);
    freeaddrinfo(found);
    return number == 0 ? 0 : outcome(number, server, error, error_size);
}

static bool
is_loopback(const void *ipv4)
{
    return *(const uint8_t *)ipv4 == IN_LOOPBACKNET; // the first byte
}

bool
kansen_address_is_local(const struct sockaddr *address)
{
    const struct in6_addr *ipv6;

    switch (address->sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        return is_loopback(&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    case AF_INET6:
        ipv6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(ipv6) || (IN6_IS_ADDR_V4MAPPED(ipv6) && is_loopback(&ipv6->s6_addr[12]));
    default:
        return false;
    }
}

int
kansen_address_connect(const char *server, uint32_t timeout_ms, int *fd, char *error, size_t error_size)
{
    struct sockaddr_un address;
    int result = kansen_address_unix(server, &address, error, error_size), number;

    if (result == KANSEN_E_MORE)
        return connect_host(server, timeout_ms, fd, error, error_size);
    if (result != 0)
        return result;
    number = connect_one((const struct sockaddr *)&address, sizeof address, timeout_ms, fd);
    return number == 0 ? 0 : outcome(number, server, error, error_size);
}
