// SPDX-License-Identifier: Apache-2.0
// Why a student got its place, as data: in time of its own list. Nothing in it names another student.
#ifndef COHORT_EXPLAIN_H
#define COHORT_EXPLAIN_H

#include "base/attr.h"
#include "cohort/cohort.h"
#include "cohort/cutoff.h"

#define EXPLAIN_K 10u // fewer than so many are not told of in public

enum explain_reason {
    EXPLAIN_INELIGIBLE,    // the rule excludes the pair
    EXPLAIN_WORSE_CLASS,   // full: all whom the student could push out have a better class
    EXPLAIN_LATER_LOTTERY, // full: same class as the last of them, later number
    EXPLAIN_CLOSED,   // no seat that a student of this kind could get: none at all, or all reserved seats
                      // are taken by referred students or pinned holders
    EXPLAIN_OBTAINED, // the place that the student has
    EXPLAIN_NOT_CONSIDERED, // ranked below the place it has: the cutoff says nothing certain of it
};

enum explain_seat {
    EXPLAIN_NO_SEAT,
    EXPLAIN_OPEN_SEAT,
    EXPLAIN_RESERVED_SEAT, // among the best referred holders, as many as seats are reserved
    EXPLAIN_PINNED_SEAT,   // kept from an earlier round
};

// One line of the student's list.
struct explain_wish {
    uint32_t offer;
    enum explain_reason reason;
    uint32_t class, number;    // of its own key; class COHORT_INELIGIBLE where that is the reason
    uint64_t bound;            // cutoff for the student's kind (cutoff.h); of EXPLAIN_NOT_CONSIDERED CLOSED
    bool worse_holds_reserved; // a referred holder with a worse key sits on a reserved seat
};

struct explain_student {
    uint32_t number, n_students; // l_i of n
    bool referred;
    struct cohort_place place;
    enum explain_seat seat;
};

// The student, and each wish of its list into wishes (as many as its list is long). Places and cutoffs are
// those of the whole round, or only hold what is asked for: the student's own place and the offers of its
// list.
void explain_student(const struct cohort *cohort, const struct cohort_lottery *lottery,
                     const struct cohort_place *places, const struct cutoff *cutoffs, uint32_t student,
                     struct explain_student *out, struct explain_wish *wishes);

#endif
