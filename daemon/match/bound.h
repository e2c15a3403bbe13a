// SPDX-License-Identifier: Apache-2.0
// What an offer must have to reach a score: bounds that let the search pass over the others. Pure.
#ifndef MATCH_BOUND_H
#define MATCH_BOUND_H

#include "match/search_run.h"
#include <stdint.h>

#define BOUND_OUT_OF_REACH UINT32_MAX // a need that no sum meets

// Units of the interest sum that a slot with these parts P and T needs to reach the page's last score.
uint32_t bound_need(const struct run *run, uint32_t proximity, uint32_t transition);

// How far a slot with this part I (and the best T) may lie to reach a floor, squared metres; negative:
// nowhere.
float bound_far_square(const struct run *run, const struct score_weights *weights, uint32_t floor,
                       uint32_t interest);

// The greatest P of an offer of the block that lies no nearer than so many metres.
uint32_t bound_proximity(const struct run *run, const struct directory_block *block, uint32_t metres);

#endif
