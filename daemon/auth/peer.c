// SPDX-License-Identifier: Apache-2.0
// SO_PEERCRED (unix(7)): the uid that the peer had when it connected.
#include "auth/peer.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
identify_unix(int fd, struct identity *identity, struct fault *fault)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return fault_set(fault, CODE_PERMISSION_DENIED, "", "the caller is not known: %s", strerror(errno));
    snprintf(identity->actor, sizeof identity->actor, "unix:uid=%u", (unsigned)peer.uid);
    if (peer.uid != 0 && peer.uid != geteuid())
        return 0; // needs a token, as on TCP
    identity->role = ROLE_OPERATOR;
    snprintf(identity->client, sizeof identity->client, "local");
    return 0;
}

int
peer_identify(int fd, struct identity *identity, struct fault *fault)
{
    int domain;
    socklen_t len = sizeof domain;

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0)
        return fault_set(fault, CODE_PERMISSION_DENIED, "", "the caller is not known: %s", strerror(errno));
    if (domain == AF_UNIX)
        return identify_unix(fd, identity, fault);
    snprintf(identity->actor, sizeof identity->actor, "tcp");
    return 0;
}
