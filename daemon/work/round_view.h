// SPDX-License-Identifier: Apache-2.0
// One student of a round that was computed: what it got and why, in time of the part of its list that is
// looked at. The caller's transaction and arena.
#ifndef WORK_ROUND_VIEW_H
#define WORK_ROUND_VIEW_H

#include "base/attr.h"
#include "cohort/explain.h"
#include "work/round_lines.h"

struct round_view {
    Kansen__V1__RoundStudent *student;
    struct round_lines_part part; // of its list, that offers and wishes are of
    Kansen__V1__RoundOffer **offers;
    Kansen__V1__RoundResult *result;  // NULL before it is computed
    struct explain_student explained; // with a result; its seat is told where that is in the part
    struct explain_wish *wishes;
    bool draws_own; // an offer of its whole list draws a lottery of its own
};

// Whether a round has results to show.
bool round_view_has_result(const Kansen__V1__Round *round);

// Fills in what belongs to a student, which is set, and to the part, which lies within its list. 0 or a store
// fault.
int round_view_make(struct txn *txn, const struct round_lines *lines, struct arena *arena,
                    struct round_view *view) MUST_CHECK;

// Which offer wish i of the part is for, and the lottery that counts there, with the student's number once it
// is computed. The rest of *out is empty.
void round_view_wish(const struct round_lines *lines, const struct round_view *view, size_t i,
                     Kansen__V1__RoundWish *out);

#endif
