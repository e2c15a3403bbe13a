// SPDX-License-Identifier: Apache-2.0
// Picking the offers of a page out of the slots that the sieve let through.
#ifndef MATCH_PICK_H
#define MATCH_PICK_H

#include "base/attr.h"
#include "match/search_run.h"

#define PICK_ENDS 1 // the search

// What is done with an eligible slot. 0, PICK_ENDS, an effort_outcome or a store fault.
typedef int pick_taker(struct run *run, const struct slot *slot);

// Offers it to the page, or to the discoveries; or ends the search where it comes behind the page.
int pick_match(struct run *run, const struct slot *slot) MUST_CHECK;
int pick_discovery(struct run *run, const struct slot *slot) MUST_CHECK;
int pick_behind(struct run *run, const struct slot *slot) MUST_CHECK;

// Clears the words of the group's band that lie too far away, and calls for the memory that the others need.
void pick_approach(struct run *run, struct group *group);

// Calls take for every slot of the group's band that is eligible and near enough. Results as above.
int pick_band(struct run *run, const struct group *group, pick_taker *take) MUST_CHECK;

// Clears the slots of run->match that lie too far away.
void pick_near(struct run *run, const struct group *group);

#endif
