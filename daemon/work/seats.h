// SPDX-License-Identifier: Apache-2.0
// What follows for placements from other changes: waiting lists move up, holds run out, seats are drawn,
// offers and partners go. Each change is noted for the journal. 0 or a store fault.
#ifndef WORK_SEATS_H
#define WORK_SEATS_H

#include "base/attr.h"
#include "work/change.h"
#include "work/lifecycle.h"

#define SEATS_LEASE_S      900u    // of a hold, unless told
#define SEATS_LEASE_TURN_S 259200u // of a hold that comes by waiting or by lot, unless told: three days
#define SEATS_LEASE_MAX_S  604800u // seven days

// The turn of a placement by its arrival. Between two arrivals lies room for those whom a draw left waiting:
// they come behind all who came before the draw, in the order of their lots, and before all who come later.
#define SEATS_TURNS_BETWEEN (UINT64_C(1) << 24)
static inline uint64_t
seats_turn(uint64_t placement)
{
    return placement * SEATS_TURNS_BETWEEN;
}

// What becomes of a placement.
struct seats_next {
    Kansen__V1__PlacementState state;
    Kansen__V1__DeclineReason reason; // 0 = as it was
    uint64_t turn;                    // 0 = as it was
};

// Puts a placement in its next state, with what that state carries, at the command's time. old is the stored
// one; *out is in the arena.
int seats_set(struct change *change, const Kansen__V1__Placement *old, const struct seats_next *next,
              Kansen__V1__Placement **out) MUST_CHECK;

// Gives free seats of an offer to those who wait, in order; a no-op while it is not open.
int seats_fill(struct change *change, uint64_t offer) MUST_CHECK;

// Draws among those who entered, in an order that follows from the command's random bytes and the placements'
// ids: referred students first up to the reserve, then all, by the rule of reserved seats. Who is not drawn
// waits in that order, or is through.
int seats_draw(struct change *change, uint64_t offer) MUST_CHECK;

// Moves all placements of an offer for which the event is allowed (EVENT_SUSPENDED or EVENT_REMOVED).
int seats_end(struct change *change, uint64_t offer, enum event event) MUST_CHECK;

#endif
