// SPDX-License-Identifier: Apache-2.0
// The names of the roles.
#include "auth/role.h"

const char *
role_name(enum role role)
{
    switch (role) {
    case ROLE_OPERATOR:
        return "operator";
    case ROLE_PORTAL:
        return "portal";
    case ROLE_PARTNER:
        return "partner";
    case ROLE_REGISTRAR:
        return "registrar";
    }
    return "none";
}
