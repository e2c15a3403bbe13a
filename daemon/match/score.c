// SPDX-License-Identifier: Apache-2.0
// Integers only, and 64 bits wide, so that no product can overflow: the greatest is 10,000 * 500,000.
#include "match/score.h"

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
        candidate->distance_m = geo_from_distance_m(&query->origin, candidate->row.position);
    return candidate->distance_m;
}

unsigned
score_best_interest(const struct query *query, const uint16_t interests[OFFER_INTERESTS_MAX], uint32_t i,
                    unsigned *similarity)
{
    unsigned best = 0;

    *similarity = 0;
    for (unsigned j = 0; j < OFFER_INTERESTS_MAX && interests[j] != 0; j++) {
        unsigned percent = query_similarity(query, i, interests[j]);

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

        score_best_interest(query, row->interests, i, &similarity);
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

uint32_t
score_proximity(const struct query *query, uint32_t distance_m)
{
    uint64_t radius = query->radius_m == 0 ? QUERY_PROXIMITY_FREE_M : query->radius_m;

    return distance_m > radius ? 0 : (uint32_t)(SCORE_FULL * (radius - distance_m) / radius);
}

static uint32_t
proximity_part(const struct query *query, struct candidate *candidate)
{
    return score_has_distance(&candidate->row) ? score_proximity(query, score_distance(query, candidate))
                                               : SCORE_REMOTE_PROXIMITY;
}

static uint32_t
transition_part(const struct query *query, const struct offer_row *row)
{
    if (query->transition == 0)
        return 0;
    if (row->transitions == 0)
        return SCORE_OPEN_TRANSITION;
    return (row->transitions >> (query->transition - 1) & 1) != 0 ? SCORE_FULL : 0;
}

struct score_weights
score_weights(const struct query *query, bool count_interest)
{
    struct score_weights weights = {
        .interest = query->n_wanted != 0 && count_interest ? query->weight_interest : 0,
        .proximity = query->weight_proximity,
        .transition = query->transition != 0 ? query->weight_transition : 0,
    };

    weights.sum = weights.interest + weights.proximity + weights.transition;
    return weights;
}

uint32_t
score_total(const struct score_weights *weights, uint32_t interest, uint32_t proximity, uint32_t transition)
{
    uint64_t points =
        weights->interest * interest + weights->proximity * proximity + weights->transition * transition;

    return weights->sum == 0 ? 0 : (uint32_t)(points / weights->sum);
}

struct score
score_of(const struct query *query, struct candidate *candidate, bool count_interest)
{
    struct score_weights weights = score_weights(query, count_interest);
    struct score score = {
        .interest = score_interest(query, candidate),
        .proximity = proximity_part(query, candidate),
        .transition = transition_part(query, &candidate->row),
    };

    score.total = score_total(&weights, score.interest, score.proximity, score.transition);
    return score;
}
