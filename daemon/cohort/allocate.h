// SPDX-License-Identifier: Apache-2.0
// Student-proposing deferred acceptance with soft reserved seats (Gale and Shapley 1962; Hafalir, Yenmez and
// Yildirim 2013). Of its applicants an offer takes
//   1. who is pinned to it: they use a seat each, and a reserved one if they are referred;
//   2. the best referred, by key, up to the reserve that is left;
//   3. the best of all others, referred or not, up to the seats that are left.
// So a reserve is a minimum guarantee, and no seat stays empty that an eligible applicant wants. The result
// is the stable matching that is best for every student, it is the only such one, and no student can get a
// better place by another list.
#ifndef COHORT_ALLOCATE_H
#define COHORT_ALLOCATE_H

#include "cohort/cohort.h"

// Bytes of scratch memory that allocate_run needs.
size_t allocate_size(const struct cohort *cohort);

// Fills places (n_students). memory: allocate_size bytes aligned for 64 bytes, free again afterwards; nothing
// is allocated. The cohort must be sound: offers in range, no offer twice in a list, no more pinned students
// at an offer than it has seats. order: all students, in the order in which they propose first, or NULL = by
// index, which is the fastest; any order gives the same places. Time: the total length of the lists, times
// the logarithm of the seats of an offer where applicants push each other out.
void allocate_run(const struct cohort *cohort, const struct cohort_lottery *lottery, const uint32_t *order,
                  void *memory, struct cohort_place *places);

#endif
