// SPDX-License-Identifier: Apache-2.0
// The life of a placement: its states, who may move it, and the one function that does. Pure; any thread.
//
// clang-format off
//
//    reserve           request            accept           confirm            start          complete
//   ---------> HELD ----------> REQUESTED -------> ACCEPTED --------> CONFIRMED ------> STARTED ---------> COMPLETED
//    |  |      ^  |\                 |                ^                                   |
//    |  |      |  | `----- request, direct ----------'|                                   | drop out
//    |  |      |  |                  | decline                                            v
//    |  |      |  | expire           v                                                DROPPED_OUT
//    |  |      |  `-------> EXPIRED  DECLINED
//    |  |      |               ^
//    |  |      | drawn         | not drawn
//    |  `-> ENTERED -----------'          (in the draw of an offer that collects requests)
//    |         | not drawn, and the offer keeps a list
//    |         v
//    `----> WAITING --moves up--> HELD    (on the waiting list)
//
//   WAITING, ENTERED, HELD, REQUESTED, ACCEPTED, CONFIRMED --withdraw--> WITHDRAWN
//   REQUESTED, ACCEPTED, CONFIRMED, STARTED --cancel--> CANCELLED_BY_PARTNER
//   WAITING, ENTERED, HELD, REQUESTED --partner suspended--> CANCELLED_BY_PARTNER
//   all that have not ended --partner or offer removed--> CANCELLED_BY_PARTNER
//
// clang-format on
// A suspension leaves what a partner has accepted: the student counts on it, and an operator decides each
// case.
#ifndef WORK_LIFECYCLE_H
#define WORK_LIFECYCLE_H

#include "base/attr.h"
#include <kansen/v1/placement.pb-c.h>

// Who moves, as bits.
enum mover {
    MOVER_PORTAL = 0x01,    // the client that reserved it
    MOVER_PARTNER = 0x02,   // the partner that it is at
    MOVER_OPERATOR = 0x04,  // may do what either may
    MOVER_CLOCK = 0x08,     // the passing of time, and what follows from another change
    MOVER_REGISTRAR = 0x10, // registers partners and offers; moves no placement
};

// What happens to a placement: the first ones are asked for, the others follow.
enum event {
    EVENT_REQUEST,
    EVENT_REQUEST_DIRECT, // of an offer that needs no answer
    EVENT_ACCEPT,
    EVENT_DECLINE,
    EVENT_CONFIRM,
    EVENT_START,
    EVENT_COMPLETE,
    EVENT_WITHDRAW,
    EVENT_DROP_OUT,
    EVENT_CANCEL,
    EVENT_EXPIRE,
    EVENT_MOVE_UP,
    EVENT_DRAWN,
    EVENT_NOT_DRAWN,         // and the offer keeps no waiting list
    EVENT_NOT_DRAWN_WAITING, // and the offer keeps one
    EVENT_SUSPENDED,
    EVENT_REMOVED,
    EVENT_COUNT,
};

#define LIFECYCLE_E_STATE 1 // the state does not allow it
#define LIFECYCLE_E_MOVER 2 // it is not this mover's to do

// The state that an event leads to. 0 with *to set, or one of the outcomes above.
int lifecycle_move(Kansen__V1__PlacementState from, enum event event, unsigned mover,
                   Kansen__V1__PlacementState *to) MUST_CHECK;

#endif
