// SPDX-License-Identifier: Apache-2.0
// What a caller may see of placements and of changes. Students are minors: until a partner has accepted, it
// sees of a placement that it is there, its state and its period, and nothing that says who it is for. Pure;
// any thread.
#ifndef RPC_SIGHT_H
#define RPC_SIGHT_H

#include "auth/role.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>

enum sight {
    SIGHT_NONE,  // it is as if it were not there
    SIGHT_CUT,   // without what says who it is for
    SIGHT_WHOLE, // all of it
};

// Whether the caller may see this partner, or an offer of this partner, given by this source. An operator and
// a portal see all, a partner itself and its offers, a registrar what is of its source.
bool sight_of_partner(const struct identity *caller, uint64_t partner, const char *source);

// What the caller may see of a placement of this client, at this partner, in this state. An operator sees
// all, a portal what its own client reserved, a partner what is at it, cut before it has accepted.
enum sight sight_of_placement(const struct identity *caller, const char *client, uint64_t partner,
                              Kansen__V1__PlacementState state);

// The same for a change in the journal. Registry and taxonomy are open to portals; a partner sees of the
// registry what is its own.
enum sight sight_of_change(const struct identity *caller, const Kansen__V1__Change *change);

// Takes out of a placement what a cut one may not say; the texts stay whose they are.
void sight_cut_placement(Kansen__V1__Placement *placement);

// Takes out of a change what a cut one may not say.
void sight_cut_change(Kansen__V1__Change *change);

#endif
