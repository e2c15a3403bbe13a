// SPDX-License-Identifier: Apache-2.0
// Seats that a round has locked: from the moment it is frozen until it is published nobody else gets one, and
// nobody changes how many there are.
#ifndef WORK_ROUND_LOCK_H
#define WORK_ROUND_LOCK_H

#include "base/attr.h"
#include "work/change.h"

// 0, FAULT when a round has locked the seats of the offer, or a store fault.
int round_lock_check(struct change *change, const char *field, uint64_t offer) MUST_CHECK;

// The same when a change of the offer would touch them: seats, reserve, dates of both, status, partner.
int round_lock_check_change(struct change *change, const Kansen__V1__Offer *is,
                            const Kansen__V1__Offer *was) MUST_CHECK;

// The same for all offers of a partner.
int round_lock_check_partner(struct change *change, uint64_t partner) MUST_CHECK;

#endif
