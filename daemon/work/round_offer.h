// SPDX-License-Identifier: Apache-2.0
// Offers that take part in a round: which may, what the rule reads of them, and their seats. 0 or a store
// fault.
#ifndef WORK_ROUND_OFFER_H
#define WORK_ROUND_OFFER_H

#include "base/attr.h"
#include "work/change.h"
#include <kansen/v1/round.pb-c.h>

// Whether an offer may take part, or may change its lottery to this one if it takes part: *why stays NULL, or
// says what it does not fulfil, as in "is not open".
int round_offer_may(struct change *change, uint64_t round, const Kansen__V1__RoundPlan *plan, uint64_t offer,
                    Kansen__V1__RoundLottery lottery, const char **why) MUST_CHECK;

// Takes one that may, with its facts, or changes its lottery; seats are counted when the round is frozen.
int round_offer_take(struct change *change, Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan,
                     uint64_t offer, Kansen__V1__RoundLottery lottery) MUST_CHECK;

// The offer with the smallest id above `after`. 0, STORE_E_NOT_FOUND or a fault.
int round_offer_behind(struct txn *txn, uint64_t after, uint64_t *offer) MUST_CHECK;

// Counts the seats of an offer of a round anew, as they are at the command's time, and lets go of pins whose
// placement has ended. The list of a student whose pin goes gets shorter.
int round_offer_count(struct change *change, Kansen__V1__Round *round,
                      Kansen__V1__RoundOffer *offer) MUST_CHECK;

#endif
