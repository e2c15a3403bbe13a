// SPDX-License-Identifier: Apache-2.0
// The life of a round: its states, the steps that lead from one to the next, and the one function that takes
// them. Pure; any thread.
//
// clang-format off
//
//   create --> CREATED --open--> OPEN --freeze--> FREEZING ==frozen==> FROZEN --draw--> DRAWN
//                                                  ^    \                                ^ | compute
//                                           freeze |     `==frozen, drawn before========='  v
//                                               REVISING <--revise-- FROZEN, DRAWN,     COMPUTING
//                                                                    COMPUTED              | | computed
//                                                                                          v v
//              CLOSED <--close-- PUBLISHED <==published== PUBLISHING <--publish-------- COMPUTED
//
//   all that stand before PUBLISHING --cancel--> CANCELLED
//   CLOSED, CANCELLED --forget--> FORGETTING ==forgotten==> FORGOTTEN
//   --> an operator's step      ==> the daemon's own, when what the state does is done
//
// clang-format on
// The seed is drawn once: a corrected input goes on with the one that is there. The seats of a round's offers
// are locked from FREEZING to PUBLISHED.
#ifndef WORK_ROUND_LIFE_H
#define WORK_ROUND_LIFE_H

#include "base/attr.h"
#include <kansen/v1/round.pb-c.h>
#include <stdbool.h>
#include <stddef.h>

enum round_event {
    ROUND_OPEN,
    ROUND_FREEZE,
    ROUND_DRAW,
    ROUND_COMPUTE,
    ROUND_PUBLISH,
    ROUND_CLOSE,
    ROUND_REVISE,
    ROUND_CANCEL,
    ROUND_FORGET,
    ROUND_IS_FROZEN, // these are the daemon's own
    ROUND_IS_FROZEN_AND_DRAWN,
    ROUND_IS_COMPUTED,
    ROUND_IS_PUBLISHED,
    ROUND_IS_FORGOTTEN,
    ROUND_EVENTS,
};

// What an event is called.
const char *round_life_name(enum round_event event);

// The state that an event leads to; false when the state does not allow it.
bool round_life_move(Kansen__V1__RoundState from, enum round_event event,
                     Kansen__V1__RoundState *to) MUST_CHECK;

// Writes the names of the steps that an operator may take from a state, joined by ", ", or "none", to out
// (always terminated, cut to size); returns out.
char *round_life_allowed(Kansen__V1__RoundState from, char *out, size_t size);

#endif
