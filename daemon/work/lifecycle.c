// SPDX-License-Identifier: Apache-2.0
// One row per event: the states that it may come from, the one that it leads to, and who may bring it about.
#include "work/lifecycle.h"

#define STATE(name) KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_##name
#define BIT(name)   (1u << STATE(name))

#define BEFORE_START                                                                                         \
    (BIT(WAITING) | BIT(ENTERED) | BIT(HELD) | BIT(REQUESTED) | BIT(ACCEPTED) | BIT(CONFIRMED))
#define LIVE (BEFORE_START | BIT(STARTED))

#define SCHOOL  (MOVER_PORTAL | MOVER_OPERATOR)
#define PARTNER (MOVER_PARTNER | MOVER_OPERATOR)
#define EITHER  (MOVER_PORTAL | MOVER_PARTNER | MOVER_OPERATOR)

static const struct {
    unsigned from; // states, as bits
    Kansen__V1__PlacementState to;
    unsigned movers;
} moves[EVENT_COUNT] = {
    [EVENT_REQUEST] = {BIT(HELD), STATE(REQUESTED), SCHOOL},
    [EVENT_REQUEST_DIRECT] = {BIT(HELD), STATE(ACCEPTED), SCHOOL},
    [EVENT_ACCEPT] = {BIT(REQUESTED), STATE(ACCEPTED), PARTNER},
    [EVENT_DECLINE] = {BIT(REQUESTED), STATE(DECLINED), PARTNER},
    [EVENT_CONFIRM] = {BIT(ACCEPTED), STATE(CONFIRMED), SCHOOL},
    [EVENT_START] = {BIT(CONFIRMED), STATE(STARTED), SCHOOL},
    [EVENT_COMPLETE] = {BIT(STARTED), STATE(COMPLETED), EITHER},
    [EVENT_WITHDRAW] = {BEFORE_START, STATE(WITHDRAWN), SCHOOL},
    [EVENT_DROP_OUT] = {BIT(STARTED), STATE(DROPPED_OUT), SCHOOL},
    [EVENT_CANCEL] = {BIT(REQUESTED) | BIT(ACCEPTED) | BIT(CONFIRMED) | BIT(STARTED),
                      STATE(CANCELLED_BY_PARTNER), PARTNER},
    [EVENT_EXPIRE] = {BIT(HELD), STATE(EXPIRED), MOVER_CLOCK},
    [EVENT_MOVE_UP] = {BIT(WAITING), STATE(HELD), MOVER_CLOCK},
    [EVENT_DRAWN] = {BIT(ENTERED), STATE(HELD), MOVER_CLOCK},
    [EVENT_NOT_DRAWN] = {BIT(ENTERED), STATE(EXPIRED), MOVER_CLOCK},
    [EVENT_NOT_DRAWN_WAITING] = {BIT(ENTERED), STATE(WAITING), MOVER_CLOCK},
    [EVENT_SUSPENDED] = {BIT(WAITING) | BIT(ENTERED) | BIT(HELD) | BIT(REQUESTED),
                         STATE(CANCELLED_BY_PARTNER), MOVER_CLOCK},
    [EVENT_REMOVED] = {LIVE, STATE(CANCELLED_BY_PARTNER), MOVER_CLOCK},
};

int
lifecycle_move(Kansen__V1__PlacementState from, enum event event, unsigned mover,
               Kansen__V1__PlacementState *to)
{
    if ((moves[event].movers & mover) == 0)
        return LIFECYCLE_E_MOVER;
    if ((moves[event].from & 1u << from) == 0)
        return LIFECYCLE_E_STATE;
    *to = moves[event].to;
    return 0;
}
