// SPDX-License-Identifier: Apache-2.0
// A cohort as the engine sees it: students with ordered lists, offers with seats, in arrays that the caller
// owns and that do not change while it works. A student's or an offer's index is the order of its reference
// by memcmp, so that the same round has the same arrays wherever it is computed. All of cohort/ is pure:
// integers only, no clock, no locale, no thread, no hash table; what it gives depends on its arguments alone,
// to the byte. Any thread.
#ifndef COHORT_COHORT_H
#define COHORT_COHORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COHORT_MAX_SEATS   65535u     // of an offer, and of its reserve
#define COHORT_MAX_REF     64u        // bytes of a reference
#define COHORT_NONE        UINT32_MAX // no offer
#define COHORT_INELIGIBLE  UINT32_MAX // the class of a pair that may not be
#define COHORT_WORST_CLASS (UINT32_MAX - 1u)

enum cohort_flags {
    COHORT_REFERRED = 1, // by the school: reserved seats are for these
    COHORT_PINNED = 2,   // holds the last offer of its list since an earlier round and can not lose it
};

// One entry of a student's list. The class comes from the round's rule (0 best), or is COHORT_INELIGIBLE:
// such a wish is kept, passed over by the engine and explained. Of the wish that a student is pinned to it
// does not count.
struct cohort_wish {
    uint32_t offer; // index
    uint32_t class;
};

struct cohort_offer {
    uint16_t capacity, reserve; // seats; of the reserve at most the capacity counts
};

// References: n of them, the bytes of i are bytes[start[i]] .. bytes[start[i + 1] - 1].
struct cohort_refs {
    const char *bytes;
    const uint32_t *start; // n + 1
};

struct cohort {
    uint32_t n_students, n_offers; // less than COHORT_NONE, as are all wishes together
    struct cohort_refs student_refs, offer_refs;
    const uint8_t *flags; // n_students, of enum cohort_flags
    const uint32_t *list; // n_students + 1: the list of i is wishes[list[i]] .. wishes[list[i + 1] - 1]
    const struct cohort_wish *wishes; // best first, no offer twice in a list
    const struct cohort_offer *offers;
};

// Lottery numbers: lower is better, different for any two students at one offer.
struct cohort_lottery {
    const uint32_t *rank;    // n_students: l_i, 0 .. n_students - 1
    const uint32_t *student; // n_students: who has that rank
    const uint32_t *own; // by wish, where offers draw of their own (MTB); NULL = one number everywhere (STB)
};

// Where a student ends.
struct cohort_place {
    uint32_t offer; // index, or COHORT_NONE
    uint32_t rank;  // in its list, from 1; 0 = none
};

// The key of a wish (its index in wishes) of a student: lower wins. An ineligible one is higher than any
// other.
static inline uint64_t
cohort_key(const struct cohort *cohort, const struct cohort_lottery *lottery, uint32_t student, uint32_t wish)
{
    uint32_t number = lottery->own == NULL ? lottery->rank[student] : lottery->own[wish];

    return (uint64_t)cohort->wishes[wish].class << 32 | number;
}

// Whether this place of a student is the one that it keeps from an earlier round.
static inline bool
cohort_is_kept(const struct cohort *cohort, uint32_t student, const struct cohort_place *place)
{
    return (cohort->flags[student] & COHORT_PINNED) != 0 &&
           place->rank == cohort->list[student + 1] - cohort->list[student];
}

#endif
