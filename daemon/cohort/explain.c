// SPDX-License-Identifier: Apache-2.0
// A student is told what was decided where it stood in a list, by the cutoff for its own kind; no other
// student is looked at.
#include "cohort/explain.h"

static enum explain_reason
reason_against(const struct explain_wish *wish)
{
    if (wish->class == COHORT_INELIGIBLE)
        return EXPLAIN_INELIGIBLE;
    if (wish->bound == CUTOFF_CLOSED)
        return EXPLAIN_CLOSED;
    return wish->class > (uint32_t)(cutoff_key(wish->bound) >> 32) ? EXPLAIN_WORSE_CLASS
                                                                   : EXPLAIN_LATER_LOTTERY;
}

void
explain_student(const struct cohort *cohort, const struct cohort_lottery *lottery,
                const struct cohort_place *places, const struct cutoff *cutoffs, uint32_t student,
                struct explain_student *out, struct explain_wish *wishes)
{
    const struct cohort_place *place = &places[student];
    bool referred = (cohort->flags[student] & COHORT_REFERRED) != 0;
    uint32_t from = cohort->list[student], len = cohort->list[student + 1] - from;

    *out = (struct explain_student){
        .number = lottery->rank[student],
        .n_students = cohort->n_students,
        .referred = referred,
        .place = *place,
        .seat = EXPLAIN_NO_SEAT,
    };
    for (uint32_t i = 0; i < len; i++) {
        const struct cutoff *cutoff = &cutoffs[cohort->wishes[from + i].offer];
        uint64_t key = cohort_key(cohort, lottery, student, from + i);
        struct explain_wish *wish = &wishes[i];

        *wish = (struct explain_wish){
            .offer = cohort->wishes[from + i].offer,
            .reason = EXPLAIN_NOT_CONSIDERED,
            .class = cohort->wishes[from + i].class,
            .number = (uint32_t)key,
        };
        if (place->rank != 0 && i + 1 > place->rank)
            continue;
        wish->bound = referred ? cutoff->referred : cutoff->general;
        if (i + 1 == place->rank) {
            wish->reason = EXPLAIN_OBTAINED;
            out->seat = cohort_is_kept(cohort, student, place) ? EXPLAIN_PINNED_SEAT
                        : referred && key < cutoff->reserved   ? EXPLAIN_RESERVED_SEAT
                                                               : EXPLAIN_OPEN_SEAT;
            continue;
        }
        wish->reason = reason_against(wish);
        wish->worse_holds_reserved =
            wish->reason != EXPLAIN_INELIGIBLE && !referred && key < cutoff->reserved;
    }
}
