// SPDX-License-Identifier: Apache-2.0
// A socket that nobody would answer is worse than a daemon that does not start, so what is not understood is
// refused.
#include "net/passed.h"
#include "base/options.h"
#include "base/systemd.h"
#include "net/address.h"
#include <string.h>

#define NAME_LISTEN "listen"
#define NAME_TLS    "tls"
#define NAME_ADMIN  "admin"
#define SOCKETS_MAX (OPTIONS_LISTEN_MAX + 1)

static int
take_admin(int fd, struct passed *out, struct fault *fault)
{
    if (out->n_admin > 0)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "admin", "more than one socket was passed");
    if (address_of_passed(fd, "admin", out->admin_anywhere ? ADDRESS_MAY_BE_ANYWHERE : 0, out->admin,
                          fault) != 0)
        return FAULT;
    out->n_admin++;
    return 0;
}

static int
take_listen(int fd, bool tls, struct passed *out, struct fault *fault)
{
    unsigned plain = ADDRESS_MAY_BE_UNIX | (out->plain_anywhere ? ADDRESS_MAY_BE_ANYWHERE : 0);
    struct address *address = &out->listen[out->n_listen];

    if (out->n_listen == OPTIONS_LISTEN_MAX)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "listen", "more than %u sockets were passed",
                         OPTIONS_LISTEN_MAX);
    if (address_of_passed(fd, "listen", tls ? ADDRESS_MAY_BE_ANYWHERE : plain, address, fault) != 0)
        return FAULT;
    address->tls = tls;
    out->n_listen++;
    return 0;
}

static int
take_one(const struct systemd_socket *passed, struct passed *out, struct fault *fault)
{
    if (strcmp(passed->name, NAME_ADMIN) == 0)
        return take_admin(passed->fd, out, fault);
    if (strcmp(passed->name, NAME_LISTEN) == 0 || strcmp(passed->name, NAME_TLS) == 0)
        return take_listen(passed->fd, strcmp(passed->name, NAME_TLS) == 0, out, fault);
    return fault_set(fault, CODE_INVALID_ARGUMENT, "",
                     "a socket was passed by the name \"%s\"; FileDescriptorName= takes " NAME_LISTEN
                     ", " NAME_TLS " and " NAME_ADMIN,
                     passed->name);
}

int
passed_take(struct passed *out, struct fault *fault)
{
    struct systemd_socket sockets[SOCKETS_MAX];
    int n = systemd_sockets(sockets, SOCKETS_MAX);

    out->n_listen = out->n_admin = 0;
    if (n < 0)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "",
                         "the sockets that were passed can not be taken: %s", strerror(-n));
    if (n > (int)SOCKETS_MAX)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "", "%d sockets were passed, at most %u are served", n,
                         SOCKETS_MAX);
    for (int i = 0; i < n; i++) {
        if (take_one(&sockets[i], out, fault) != 0)
            return FAULT;
    }
    return 0;
}
