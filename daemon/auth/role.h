// SPDX-License-Identifier: Apache-2.0
// Who calls: a role, and a name for the journal. Constant data, any thread.
#ifndef AUTH_ROLE_H
#define AUTH_ROLE_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

// Bits, so that a set of roles is a mask. Coordinators and researchers get theirs when they come.
enum role {
    ROLE_OPERATOR = 0x01,
    ROLE_PORTAL = 0x02,
    ROLE_PARTNER = 0x04,
    ROLE_REGISTRAR = 0x08,
};
#define ROLE_ANY (ROLE_OPERATOR | ROLE_PORTAL | ROLE_PARTNER | ROLE_REGISTRAR)

#define ROLE_ACTOR_MAX 112u // bytes with the end

#define ROLE_CLIENT_MAX 65u // bytes with the end

struct identity {
    enum role role;                    // 0 = nobody yet: a token must say
    char client[ROLE_CLIENT_MAX];      // who owns what the caller makes: placements, keys, student references
    char source[ROLE_CLIENT_MAX];      // of the external ids that it gives; "" = any
    char actor[ROLE_ACTOR_MAX];        // "unix:uid=0", "client:NAME/token:ID"
    char certificate[ROLE_CLIENT_MAX]; // common name of the verified client certificate; "" = none was shown
    bool listed;                       // the client is in the store, and may be suspended
    int64_t certificate_until_us;      // when the certificate stops to be good, since 1970 UTC
    int64_t expires_us;                // when the token or the certificate stops to work, the same; 0 = never
    uint64_t partner;                  // of the role partner: which one; else 0
    uint64_t token;                    // id of the token that says so; 0 = none was needed
};

// "operator", "portal", "partner" or "registrar".
const char *role_name(enum role role);

#endif
