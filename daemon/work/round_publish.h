// SPDX-License-Identifier: Apache-2.0
// The seats of a result as placements, a bounded part at a time: what a part does follows from the store
// alone, so it can be cut off and gone on with anywhere. 0 or a store fault.
#ifndef WORK_ROUND_PUBLISH_H
#define WORK_ROUND_PUBLISH_H

#include "base/attr.h"
#include "work/change.h"
#include <kansen/v1/round.pb-c.h>

// Ends the placements at an offer of students who keep one there from an earlier round and got better.
int round_publish_release(struct change *change, const Kansen__V1__Round *round, uint64_t offer) MUST_CHECK;

// Places a student where the result says, and tells the placement to the result. Who is there already, or
// keeps the placement that it has, gets no second one.
int round_publish_place(struct change *change, const Kansen__V1__Round *round,
                        const Kansen__V1__RoundStudent *student) MUST_CHECK;

// Whether a student can get a seat at an offer of the round: *why stays NULL, or says why not, as in "has no
// free seat".
int round_publish_may(struct change *change, const Kansen__V1__Round *round,
                      const Kansen__V1__RoundStudent *student, uint64_t offer, const char **why) MUST_CHECK;

// A correction of what was published: ends the placement that came of the result, if it has not begun, and
// places the student at an offer where it may (0 = nowhere). *placement is the new one, or 0.
int round_publish_correct(struct change *change, const Kansen__V1__Round *round,
                          const Kansen__V1__RoundStudent *student, uint64_t offer,
                          uint64_t *placement) MUST_CHECK;

#endif
