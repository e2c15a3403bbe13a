// SPDX-License-Identifier: Apache-2.0
// The score turned round, in whole numbers as the score itself, and always rounded to the safe side.
#include "match/bound.h"
#include <math.h>

// What points the parts I and P must add up to for a score, beside those of T; 0 = any will do.
static uint64_t
points_for(const struct score_weights *weights, uint32_t score, uint32_t transition)
{
    uint64_t points = score * weights->sum, given = weights->transition * transition;

    return points > given ? points - given : 0;
}

uint32_t
bound_need(const struct run *run, uint32_t proximity, uint32_t transition)
{
    const struct score_weights *weights = &run->weights;
    uint64_t points = points_for(weights, rank_floor(&run->search->matches), transition);
    uint64_t given = weights->proximity * proximity, interest, sum;

    if (given >= points)
        return 0;
    if (weights->interest == 0)
        return BOUND_OUT_OF_REACH;
    interest = (points - given + weights->interest - 1) / weights->interest; // least I in basis points
    if (interest > SCORE_FULL)
        return BOUND_OUT_OF_REACH;
    sum = (interest * run->query->wanted_weight + 99) / 100; // I = floor(100 * sum / weight)
    return (uint32_t)((sum + run->from.unit - 1) / run->from.unit);
}

float
bound_far_square(const struct run *run, const struct score_weights *weights, uint32_t floor,
                 uint32_t interest)
{
    uint64_t points = points_for(weights, floor, run->best_transition), given = weights->interest * interest,
             proximity;
    uint64_t radius = run->query->radius_m == 0 ? QUERY_PROXIMITY_FREE_M : run->query->radius_m;
    float metres;

    if (points <= given)
        metres = run->query->radius_m == 0 ? INFINITY : (float)radius;
    else if (weights->proximity == 0)
        return -1;
    else {
        proximity = (points - given + weights->proximity - 1) / weights->proximity; // least P in basis points
        if (proximity > SCORE_FULL)
            return -1;
        radius = radius * (SCORE_FULL - proximity) / SCORE_FULL; // P = floor(10000 (R - d) / R)
        metres = (float)radius;
    }
    return (metres + 1) * (metres + 1); // a metre for rounding
}

uint32_t
bound_proximity(const struct run *run, const struct directory_block *block, uint32_t metres)
{
    return block->remote ? SCORE_REMOTE_PROXIMITY : score_proximity(run->query, metres);
}
