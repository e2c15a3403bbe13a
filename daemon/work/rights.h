// SPDX-License-Identifier: Apache-2.0
// What of the registry a caller may change: a partner itself and its offers, a registrar what is of its
// source, an operator all. What it may not, it is told as if it were not there. Some fields are an operator's
// alone.
#ifndef WORK_RIGHTS_H
#define WORK_RIGHTS_H

#include "base/attr.h"
#include "work/change.h"
#include <stdbool.h>

// Whether the caller is an operator, or the daemon itself.
bool rights_are_full(const struct change *change);

// Whether the caller may know of a partner or an offer, and change it.
bool rights_over_partner(const struct change *change, const Kansen__V1__Partner *partner);
bool rights_over_offer(const struct change *change, const Kansen__V1__Offer *offer);

// Makes of a partner as the caller gives it one that it may store, in place; old is the stored one, or NULL
// for a new one. Status and accreditations are an operator's: whoever else leaves them out keeps what is
// stored, and its new partner is pending. So are name, kind and identifiers of a partner that is pending no
// more, and for the partner itself always. An external id is that of the source. Refuses one that says
// otherwise. 0 or FAULT.
int rights_limit_partner(const struct change *change, Kansen__V1__Partner *given,
                         const Kansen__V1__Partner *old) MUST_CHECK;

// Whether the caller may remove a partner that it has rights over: with it go its offers and who was placed
// there. 0 or FAULT.
int rights_remove_partner(const struct change *change, const Kansen__V1__Partner *old) MUST_CHECK;

// What rights_limit_partner does, for an offer: its external id is that of its source, and no other caller's
// to change.
int rights_limit_offer(const struct change *change, Kansen__V1__Offer *given,
                       const Kansen__V1__Offer *old) MUST_CHECK;

#endif
