// SPDX-License-Identifier: Apache-2.0
// Distance, parts and score of an offer, in whole basis points as MATCHING defines them. Pure; any thread.
#ifndef MATCH_SCORE_H
#define MATCH_SCORE_H

#include "match/query.h"
#include "store/offer_row.h"
#include <stdbool.h>
#include <stdint.h>

#define SCORE_UNKNOWN          UINT32_MAX
#define SCORE_FULL             10000u // basis points
#define SCORE_REMOTE_PROXIMITY 5000u
#define SCORE_OPEN_TRANSITION  5000u // of an offer that targets no transition

// An offer while one query looks at it. What costs is worked out once, when it is first asked for.
struct candidate {
    struct offer_row row;
    uint32_t distance_m; // SCORE_UNKNOWN until asked for; call score_distance
    uint32_t interest;   // SCORE_UNKNOWN until asked for; call score_interest
};

struct score {
    uint32_t total;                           // the score
    uint32_t interest, proximity, transition; // its parts: I, P, T
};

// Forgets what was worked out: to call when another row was put into the candidate.
void score_renew(struct candidate *candidate);

// Whether the offer has a distance at all: a remote one has none.
bool score_has_distance(const struct offer_row *row);

// Metres from the query's origin. The offer must have a distance.
uint32_t score_distance(const struct query *query, struct candidate *candidate);

// Part I; 0 without interests in the query.
uint32_t score_interest(const struct query *query, struct candidate *candidate);

// The one of an offer's interests (its place) that is most similar to wanted interest i of the query, the
// first of equals. Sets *similarity in percent; 0 = none is.
unsigned score_best_interest(const struct query *query, const uint16_t interests[OFFER_INTERESTS_MAX],
                             uint32_t i, unsigned *similarity);

// What the parts count. Without count_interest, interest counts 0 (for discoveries).
struct score_weights {
    uint64_t interest, proximity, transition, sum;
};
struct score_weights score_weights(const struct query *query, bool count_interest);

// The score that parts add up to; P of an offer at a distance.
uint32_t score_total(const struct score_weights *weights, uint32_t interest, uint32_t proximity,
                     uint32_t transition);
uint32_t score_proximity(const struct query *query, uint32_t distance_m);

// All parts and the score. Without count_interest its weight counts as 0 (for discoveries).
struct score score_of(const struct query *query, struct candidate *candidate, bool count_interest);

#endif
