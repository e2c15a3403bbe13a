// SPDX-License-Identifier: Apache-2.0
// A student's list that fits no frame comes in parts. What has come lies apart from the lists until the last
// part is there, so half a list never counts: neither when the round is frozen meanwhile, nor in place of one
// that was there before. In the transaction of a command; 0, FAULT or a store fault.
#ifndef WORK_ROUND_PARTS_H
#define WORK_ROUND_PARTS_H

#include "base/attr.h"
#include "work/change.h"

// The parts that have come of the student whom the command is about, as one list in arena; NULL = none.
int round_parts_find(struct change *change, uint64_t round, struct arena *arena,
                     Kansen__V1__RoundStudent **out) MUST_CHECK;

// Refuses what does not go on where these parts (NULL = none) end, nor begins anew, or is another client's.
int round_parts_check(struct change *change, const Kansen__V1__SubmitRoundList *given,
                      const Kansen__V1__RoundStudent *parts) MUST_CHECK;

// Refuses a list of so many offers in all that names one twice. Those that came before are known not to.
// arena is for what it needs meanwhile.
int round_parts_check_twice(struct change *change, struct arena *arena, const uint64_t *offers, size_t before,
                            size_t all) MUST_CHECK;

// Whose list it is, in the command's arena: that of who began it, whoever goes on. old: the list that the
// student has, or NULL. NULL when memory is short.
char *round_parts_owner(struct change *change, const Kansen__V1__RoundStudent *old,
                        const Kansen__V1__RoundStudent *parts);

// Keeps all offers that have come by now in the place of those before (NULL = none), and counts them with the
// round. The caller sets round, reference, client and offers of parts.
int round_parts_put(struct change *change, const Kansen__V1__Round *round, Kansen__V1__RoundStudent *parts,
                    const Kansen__V1__RoundStudent *before) MUST_CHECK;

// Says in the command's result what became of the parts. No list has changed, so there is nothing to watch.
int round_parts_note(struct change *change, Kansen__V1__Outcome outcome,
                     const Kansen__V1__RoundStudent *parts) MUST_CHECK;

#endif
