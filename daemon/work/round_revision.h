// SPDX-License-Identifier: Apache-2.0
// What stays of a revision of a round when it is given up for the next one. 0, FAULT or a store fault.
#ifndef WORK_ROUND_REVISION_H
#define WORK_ROUND_REVISION_H

#include "base/attr.h"
#include "work/change.h"
#include <kansen/v1/round.pb-c.h>

// Adds the revision at hand of `old` to those of `round`, which is its copy that is going to be put, with the
// reason why it is given up. FAULT if there are as many as a record can tell of, or the reason is none that
// can stand in one.
int round_revision_end(struct change *change, const Kansen__V1__Round *old, char *reason,
                       Kansen__V1__Round *round) MUST_CHECK;

// Notes when the input of the revision at hand was frozen, microseconds since 1970 UTC.
void round_revision_frozen(Kansen__V1__Round *round, int64_t time_us);

// Called when it is computed: an older daemon did not note that, but of a first revision it is known.
void round_revision_computed(Kansen__V1__Round *round);

#endif
