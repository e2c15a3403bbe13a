// SPDX-License-Identifier: Apache-2.0
// One row per event: the states that it may come from, and the one that it leads to.
#include "work/round_life.h"
#include <stdio.h>
#include <string.h>

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name
#define BIT(name)   (1u << STATE(name))

#define BEFORE_PUBLISHING                                                                                    \
    (BIT(CREATED) | BIT(OPEN) | BIT(FREEZING) | BIT(FROZEN) | BIT(DRAWN) | BIT(COMPUTING) | BIT(COMPUTED) |  \
     BIT(REVISING))

static const struct {
    const char *name;
    unsigned from; // states, as bits
    Kansen__V1__RoundState to;
} moves[ROUND_EVENTS] = {
    [ROUND_OPEN] = {"open", BIT(CREATED), STATE(OPEN)},
    [ROUND_FREEZE] = {"freeze", BIT(OPEN) | BIT(REVISING), STATE(FREEZING)},
    [ROUND_DRAW] = {"draw", BIT(FROZEN), STATE(DRAWN)},
    [ROUND_COMPUTE] = {"compute", BIT(DRAWN), STATE(COMPUTING)},
    [ROUND_PUBLISH] = {"publish", BIT(COMPUTED), STATE(PUBLISHING)},
    [ROUND_CLOSE] = {"close", BIT(PUBLISHED), STATE(CLOSED)},
    [ROUND_REVISE] = {"revise", BIT(FROZEN) | BIT(DRAWN) | BIT(COMPUTED), STATE(REVISING)},
    [ROUND_CANCEL] = {"cancel", BEFORE_PUBLISHING, STATE(CANCELLED)},
    [ROUND_FORGET] = {"forget", BIT(CLOSED) | BIT(CANCELLED), STATE(FORGETTING)},
    [ROUND_IS_FROZEN] = {"frozen", BIT(FREEZING), STATE(FROZEN)},
    [ROUND_IS_FROZEN_AND_DRAWN] = {"frozen", BIT(FREEZING), STATE(DRAWN)},
    [ROUND_IS_COMPUTED] = {"computed", BIT(COMPUTING), STATE(COMPUTED)},
    [ROUND_IS_PUBLISHED] = {"published", BIT(PUBLISHING), STATE(PUBLISHED)},
    [ROUND_IS_FORGOTTEN] = {"forgotten", BIT(FORGETTING), STATE(FORGOTTEN)},
};

const char *
round_life_name(enum round_event event)
{
    return moves[event].name;
}

bool
round_life_move(Kansen__V1__RoundState from, enum round_event event, Kansen__V1__RoundState *to)
{
    if ((moves[event].from & 1u << from) == 0)
        return false;
    *to = moves[event].to;
    return true;
}

char *
round_life_allowed(Kansen__V1__RoundState from, char *out, size_t size)
{
    size_t len = 0;

    snprintf(out, size, "none");
    for (unsigned event = 0; event < ROUND_IS_FROZEN && len < size; event++) {
        if ((moves[event].from & 1u << from) != 0)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len == 0 ? "" : ", ", moves[event].name);
    }
    return out;
}
