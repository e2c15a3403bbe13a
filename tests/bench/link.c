// SPDX-License-Identifier: Apache-2.0
// TLS as the daemon's clients would have it, with OpenSSL's own handling of the socket. SIGPIPE is the
// caller's to ignore.
#include "tests/bench/link.h"
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 30

static void __attribute__((noreturn)) fail(const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    errx(1, "%s: %s", what, reason != NULL ? reason : "TLS failed");
}

static struct ssl_st *
secure(int fd, const char *host, const char *ca)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl;

    if (context == NULL || SSL_CTX_load_verify_locations(context, ca, NULL) != 1)
        fail(ca);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    ssl = SSL_new(context);
    SSL_CTX_free(context);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) != 1 || SSL_connect(ssl) != 1)
        fail("handshake");
    return ssl;
}

static int
connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof address.sun_path)
        errx(1, "%s is too long for a socket", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        err(1, "%s", path);
    return fd;
}

static int
connect_tcp(const char *host, unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        errx(1, "%s is no IPv4 address", host);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
        err(1, "%s:%u", host, port);
    return fd;
}

struct link
link_connect(const char *host, unsigned port, const char *ca)
{
    int fd = *host == '/' ? connect_unix(host) : connect_tcp(host, port);

    return (struct link){fd, ca == NULL ? NULL : secure(fd, host, ca)};
}

void
link_close(struct link *link)
{
    SSL_free(link->ssl);
    close(link->fd);
}

// What a call of OpenSSL that gave got would be as send or recv.
static ssize_t
outcome(struct link *link, int got)
{
    int error = SSL_get_error(link->ssl, got);

    if (got > 0)
        return got;
    if (error == SSL_ERROR_ZERO_RETURN)
        return 0;
    if (error == SSL_ERROR_SSL)
        fail("TLS");
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        errno = EAGAIN;
    return -1;
}

ssize_t
link_send(struct link *link, const void *bytes, size_t len)
{
    ssize_t sent;
    size_t done = 0;

    if (link->ssl == NULL)
        return send(link->fd, bytes, len, MSG_NOSIGNAL);
    if (len == 0)
        return 0;
    do {
        sent = outcome(link, SSL_write(link->ssl, (const char *)bytes + done, (int)(len - done)));
        done += sent > 0 ? (size_t)sent : 0;
    } while (sent > 0 && done < len);
    return done > 0 ? (ssize_t)done : sent;
}

ssize_t
link_recv(struct link *link, void *to, size_t size)
{
    ssize_t got;
    size_t done = 0;

    if (link->ssl == NULL)
        return recv(link->fd, to, size, 0);
    do {
        got = outcome(link, SSL_read(link->ssl, (char *)to + done, (int)(size - done)));
        done += got > 0 ? (size_t)got : 0;
    } while (got > 0 && done < size && SSL_has_pending(link->ssl));
    return done > 0 ? (ssize_t)done : got;
}
