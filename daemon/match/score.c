// SPDX-License-Identifier: Apache-2.0
// Integers only, and 64 bits wide, so that no product can overflow: the greatest is 10,000 * 500,000.
#include "match/score.h"

#define FULL             10000u // basis points
#define REMOTE_PROXIMITY 5000u
#define OPEN_TRANSITION  5000u // an offer that targets no transition

void
score_renew(struct candidate *candidate)
{
    candidate->distance_m = SCORE_UNKNOWN;
    candidate->interest = SCORE_UNKNOWN;
}

bool
score_has_distance(const struct offer_row *row)
{
    return (row->flags & OFFER_ROW_REMOTE) == 0;
}

uint32_t
score_distance(const struct query *query, struct candidate *candidate)
{
    if (candidate->distance_m == SCORE_UNKNOWN)
        candidate->distance_m = geo_distance_m(query->origin, candidate->row.position);
    return candidate->distance_m;
}

unsigned
score_best_interest(const struct query *query, const struct offer_row *row, uint32_t i, unsigned *similarity)
{
    unsigned best = 0;

    *similarity = 0;
    for (unsigned j = 0; j < OFFER_INTERESTS_MAX && row->interests[j] != 0; j++) {
        unsigned percent = query_interest(query, row->interests[j])->similarity[i];

        if (percent > *similarity) {
            *similarity = percent;
            best = j;
        }
    }
    return best;
}

static uint32_t
interest_part(const struct query *query, const struct offer_row *row)
{
    uint64_t sum = 0;

    if (query->n_wanted == 0)
        return 0;
    for (uint32_t i = 0; i < query->n_wanted; i++) {
        unsigned similarity;

        score_best_interest(query, row, i, &similarity);
        sum += (uint64_t)query->wanted[i].weight * similarity;
    }
    return (uint32_t)(100 * sum / query->wanted_weight);
}

uint32_t
score_interest(const struct query *query, struct candidate *candidate)
{
    if (candidate->interest == SCORE_UNKNOWN)
        candidate->interest = interest_part(query, &candidate->row);
    return candidate->interest;
}

static uint32_t
proximity_part(const struct query *query, struct candidate *candidate)
{
    uint64_t radius = query->radius_m == 0 ? QUERY_PROXIMITY_FREE_M : query->radius_m;
    uint64_t distance;

    if (!score_has_distance(&candidate->row))
        return REMOTE_PROXIMITY;
    distance = score_distance(query, candidate);
    return distance > radius ? 0 : (uint32_t)(FULL * (radius - distance) / radius);
}

static uint32_t
transition_part(const struct query *query, const struct offer_row *row)
{
    if (query->transition == 0)
        return 0;
    if (row->transitions == 0)
        return OPEN_TRANSITION;
    return (row->transitions >> (query->transition - 1) & 1) != 0 ? FULL : 0;
}

struct score
score_of(const struct query *query, struct candidate *candidate, bool count_interest)
{
    struct score score = {
        .interest = score_interest(query, candidate),
        .proximity = proximity_part(query, candidate),
        .transition = transition_part(query, &candidate->row),
    };
    uint64_t wi = query->n_wanted != 0 && count_interest ? query->weight_interest : 0;
    uint64_t wp = query->weight_proximity;
    uint64_t wt = query->transition != 0 ? query->weight_transition : 0;

    if (wi + wp + wt != 0)
        score.total =
            (uint32_t)((wi * score.interest + wp * score.proximity + wt * score.transition) / (wi + wp + wt));
    return score;
}
