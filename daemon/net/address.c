// SPDX-License-Identifier: Apache-2.0
// Only loopback may be plain, unless the operator says that the network is safe.
#include "net/address.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIX_PREFIX         "unix:"
#define UNIX_MODE           0666
#define PLAIN_ANYWHERE_FLAG "--insecure-plain-tcp-on-any-address"

static int
parse_unix(const char *path, const char *option, struct address *out, struct fault *fault)
{
    struct sockaddr_un *addr = (struct sockaddr_un *)&out->addr;

    if (path[0] == '\0')
        return fault_set(fault, CODE_INVALID_ARGUMENT, option, "unix: needs a path behind it");
    if (strlen(path) >= sizeof addr->sun_path)
        return fault_set(
            fault, CODE_INVALID_ARGUMENT, option,
            "the path of a unix socket takes at most %zu bytes, this one has %zu; use a shorter one "
            "(--listen unix:PATH, or a shorter data directory): %s",
            sizeof addr->sun_path - 1, strlen(path), path);
    addr->sun_family = AF_UNIX;
    snprintf(addr->sun_path, sizeof addr->sun_path, "%s", path);
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return 0;
}

// Splits "HOST:PORT" or "[HOST]:PORT" (evutil_parse_sockaddr_port would not take port 0).
static bool
split(const char *text, char host[INET6_ADDRSTRLEN], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    unsigned long number;

    if (len == 0 || strspn(colon + 1, "0123456789") != strlen(colon + 1) || colon[1] == '\0' ||
        strlen(colon) > 6)
        return false;
    number = strtoul(colon + 1, NULL, 10);
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (number > UINT16_MAX || len == 0 || len >= INET6_ADDRSTRLEN)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = (uint16_t)number;
    return true;
}

static bool
to_sockaddr(const char *text, struct address *out)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&out->addr;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->addr;
    char host[INET6_ADDRSTRLEN];
    uint16_t port;

    if (!split(text, host, &port))
        return false;
    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        out->len = sizeof *in;
        return true;
    }
    if (text[0] != '[' || inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
        return false;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    out->len = sizeof *in6;
    return true;
}

static bool
is_loopback(const struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)addr)->sin6_addr);
}

static int
parse_tcp(const char *text, const char *option, bool plain_anywhere, struct address *out, struct fault *fault)
{
    *out = (struct address){0};
    snprintf(out->text, sizeof out->text, "%s", text);
    if (!to_sockaddr(text, out))
        return fault_set(fault, CODE_INVALID_ARGUMENT, option,
                         "it takes 127.0.0.1:PORT or [::1]:PORT%s; given was \"%s\"",
                         strcmp(option, "listen") == 0 ? ", unix:PATH or tls:ADDRESS:PORT" : "", text);
    if (!plain_anywhere && !is_loopback(&out->addr))
        return fault_set(
            fault, CODE_INVALID_ARGUMENT, option,
            "only loopback addresses are allowed, as what is sent is not encrypted; given was \"%s\"%s", text,
            strcmp(option, "listen") == 0 ? ". tls: in front of the address encrypts; " PLAIN_ANYWHERE_FLAG
                                            " yes would send passwords and tokens for all to read"
                                          : "; see the option admin_on_any_address");
    return 0;
}

int
address_parse_tcp(const char *text, const char *option, bool anywhere, struct address *out,
                  struct fault *fault)
{
    return parse_tcp(text, option, anywhere, out, fault);
}

static int
parse_tls(const char *text, const char *option, struct address *out, struct fault *fault)
{
    if (parse_tcp(text + sizeof ADDRESS_TLS - 1, option, true, out, fault) != 0)
        return FAULT;
    out->tls = true;
    snprintf(out->text, sizeof out->text, "%s", text);
    return 0;
}

int
address_parse(const char *text, const char *option, bool plain_anywhere, struct address *out,
              struct fault *fault)
{
    if (strncmp(text, ADDRESS_TLS, sizeof ADDRESS_TLS - 1) == 0)
        return parse_tls(text, option, out, fault);
    if (strncmp(text, UNIX_PREFIX, sizeof UNIX_PREFIX - 1) != 0)
        return parse_tcp(text, option, plain_anywhere, out, fault);
    *out = (struct address){0};
    snprintf(out->text, sizeof out->text, "%s", text);
    return parse_unix(text + sizeof UNIX_PREFIX - 1, option, out, fault);
}

static bool
listens(int fd)
{
    int type = 0, listening = 0;
    socklen_t len = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening != 0;
}

static bool
is_ip(const struct sockaddr_storage *addr)
{
    return addr->ss_family == AF_INET || addr->ss_family == AF_INET6;
}

int
address_of_passed(int fd, const char *option, unsigned may_be, struct address *out, struct fault *fault)
{
    struct address address = {.len = sizeof address.addr, .passed_fd = fd};
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || !listens(fd) ||
        getsockname(fd, (struct sockaddr *)&address.addr, &address.len) != 0)
        return fault_set(fault, CODE_INVALID_ARGUMENT, option,
                         "the descriptor %d that was passed is no stream socket that listens", fd);
    address_of_socket(fd, address.text);
    if (!is_ip(&address.addr) && (address.addr.ss_family != AF_UNIX || (may_be & ADDRESS_MAY_BE_UNIX) == 0))
        return fault_set(fault, CODE_INVALID_ARGUMENT, option,
                         "the socket that was passed is of a kind that is not served: %s", address.text);
    if (is_ip(&address.addr) && (may_be & ADDRESS_MAY_BE_ANYWHERE) == 0 && !is_loopback(&address.addr))
        return fault_set(fault, CODE_INVALID_ARGUMENT, option,
                         "only loopback addresses are allowed, as what is sent is not encrypted; passed was "
                         "\"%s\"",
                         address.text);
    *out = address;
    return 0;
}

char *
address_of_socket(int fd, char out[ADDRESS_TEXT_MAX])
{
    struct address address = {.len = sizeof address.addr};
    char host[INET6_ADDRSTRLEN] = "?";

    out[0] = '\0';
    if (getsockname(fd, (struct sockaddr *)&address.addr, &address.len) != 0)
        return out;
    if (address.addr.ss_family == AF_UNIX) {
        snprintf(out, ADDRESS_TEXT_MAX, UNIX_PREFIX "%s", address_path(&address));
    } else if (address.addr.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&address.addr;

        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT_MAX, "%s:%u", host, (unsigned)ntohs(in->sin_port));
    } else {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address.addr;

        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT_MAX, "[%s]:%u", host, (unsigned)ntohs(in6->sin6_port));
    }
    return out;
}

int
address_listen(const struct address *address, int backlog)
{
    int fd, one = 1;

    if (address->passed_fd != 0)
        return address->passed_fd;
    fd = socket(address->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (const struct sockaddr *)&address->addr, address->len) != 0 ||
        (address_path(address) != NULL && chmod(address_path(address), UNIX_MODE) != 0) ||
        listen(fd, backlog) != 0) {
        int error = errno;

        close(fd);
        return -error;
    }
    return fd;
}

const char *
address_path(const struct address *address)
{
    return address->addr.ss_family == AF_UNIX ? ((const struct sockaddr_un *)&address->addr)->sun_path : NULL;
}

const char *
address_own_path(const struct address *address)
{
    return address->passed_fd == 0 ? address_path(address) : NULL;
}
