// SPDX-License-Identifier: Apache-2.0
// Checks of an offer as a command gives it, against its partner and the catalog.
#ifndef WORK_CHECK_OFFER_H
#define WORK_CHECK_OFFER_H

#include "base/attr.h"
#include "work/change.h"

// 0, FAULT, or a store fault.
int check_offer(struct change *change, const Kansen__V1__Offer *offer,
                const Kansen__V1__Partner *partner) MUST_CHECK;

#endif
