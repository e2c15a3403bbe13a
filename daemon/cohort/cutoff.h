// SPDX-License-Identifier: Apache-2.0
// What it takes to get a seat of an offer, from the assignment alone: the price of each offer, the proof that
// a matching is stable, and the ground of every explanation.
#ifndef COHORT_CUTOFF_H
#define COHORT_CUTOFF_H

#include "base/attr.h"
#include "cohort/cohort.h"

// A bound on keys: a student who holds no seat of the offer would be taken if its key < bound. CLOSED: nobody
// is, OPEN: everybody eligible is; else bound - 1 is the key of the worst holder that a newcomer could push
// out.
#define CUTOFF_CLOSED UINT64_C(0)
#define CUTOFF_OPEN   ((uint64_t)COHORT_INELIGIBLE << 32)

static inline uint64_t
cutoff_key(uint64_t bound) // of a bound that is neither CLOSED nor OPEN
{
    return bound - 1;
}

// An offer after the round.
struct cutoff {
    uint64_t general, referred; // bounds by the kind of the student who asks
    // Bound of the worst holder on a reserved seat, who is not pinned; CLOSED = there is none. A referred
    // holder who is not pinned is on a reserved seat if its key < this.
    uint64_t reserved;
    uint16_t held, held_referred; // holders, pinned ones among them
    uint16_t pinned, pinned_referred;
};

// The bounds of section 6 for an offer with so many seats and reserved ones left (after those who are
// pinned), so many other holders of both kinds, and the keys of the worst of them (of a kind that nobody is
// of: any). n_referred + n_general <= seats.
struct cutoff_holders {
    uint32_t seats, reserve, n_referred, n_general;
    uint64_t worst_referred, worst_general;
};
void cutoff_bounds(const struct cutoff_holders *holders, uint64_t *general, uint64_t *referred);

// Bytes of scratch memory that cutoff_compute needs.
size_t cutoff_size(const struct cohort *cohort);

// Fills cutoffs (n_offers) from places that are feasible (cutoff_feasible). memory: cutoff_size bytes aligned
// for uint64_t. Nothing is allocated.
void cutoff_compute(const struct cohort *cohort, const struct cohort_lottery *lottery,
                    const struct cohort_place *places, void *memory, struct cutoff *cutoffs);

// What is wrong with a matching.
enum cutoff_flaw {
    CUTOFF_SOUND = 0,
    CUTOFF_RANK,       // the offer does not stand in the student's list at that rank
    CUTOFF_INELIGIBLE, // the student may not hold it
    CUTOFF_CAPACITY,   // more holders than seats
    CUTOFF_PINNED,     // a pinned student lost its place
    CUTOFF_BLOCKING,   // the student prefers this offer, and the offer the student
};

struct cutoff_finding {
    enum cutoff_flaw flaw;
    uint32_t student, offer; // of the first in the order of students, then of their lists; else COHORT_NONE
};

// Feasibility: ranks, eligibility, capacity, pinned places. CUTOFF_SOUND or the flaw, which finding tells.
// memory as in cutoff_compute.
enum cutoff_flaw cutoff_feasible(const struct cohort *cohort, const struct cohort_place *places, void *memory,
                                 struct cutoff_finding *finding) MUST_CHECK;

// Stability, given the cutoffs of these places, which are feasible: one pass over all lists.
enum cutoff_flaw cutoff_stable(const struct cohort *cohort, const struct cohort_lottery *lottery,
                               const struct cohort_place *places, const struct cutoff *cutoffs,
                               struct cutoff_finding *finding) MUST_CHECK;

#endif
