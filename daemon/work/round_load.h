// SPDX-License-Identifier: Apache-2.0
// The records of a round as the arrays of the engine. Only work/round_work.c and work/round_load.c may
// include this. 0 or a store fault, unless said otherwise.
#ifndef WORK_ROUND_LOAD_H
#define WORK_ROUND_LOAD_H

#include "base/arena.h"
#include "base/attr.h"
#include "cohort/cohort.h"
#include "cohort/cutoff.h"
#include "store/round.h"
#include "work/round_lines.h"
#include "work/round_work.h"

#define ROUND_REF_TEXT (ROUND_LINES_REF - 1) // bytes of a student's reference as text

struct round_work {
    struct cohort_wish *wishes; // of all lists, on memory of their own
    uint32_t *own;              // the same of numbers (cohort_lottery); NULL = no offer draws of its own
    struct arena *arena;        // of all that follows
    struct round_lines lines;
    struct cohort cohort;
    struct cohort_lottery lottery;
    struct cohort_place *places;
    struct cutoff *cutoffs;
    Kansen__V1__RoundOffer **offers;
    uint8_t (*refs)[ROUND_REF_BYTES];
    uint8_t *seeds;   // by student: which seed it draws with
    size_t longest;   // list
    uint32_t *listed; // by offer that draws of its own: how many list it; NULL where own is
    uint8_t input[ROUND_WORK_DIGEST], result[ROUND_WORK_DIGEST], cutoff[ROUND_WORK_DIGEST],
        explanation[ROUND_WORK_DIGEST], merkle[ROUND_WORK_DIGEST];
};

// One walk over the students of a round.
struct round_walk {
    struct txn *txn;
    const Kansen__V1__Round *round;
    const struct round_work_leave *leave;
    struct arena *arena; // of one record
    ProtobufCBinaryData after;
    uint8_t ref[ROUND_REF_BYTES];
    uint32_t looks;
};

int round_load_begin(struct round_walk *walk) MUST_CHECK;

// 0, STORE_E_NOT_FOUND at the end, ROUND_WORK_E_ENDED or a fault. The record lives until the next one.
int round_load_next(struct round_walk *walk, Kansen__V1__RoundStudent **student) MUST_CHECK;

// Rule, places and offers of a round.
int round_load_open(struct txn *txn, const Kansen__V1__Round *round, struct round_work **out) MUST_CHECK;

// The place of the first offer whose id is at least this one.
size_t round_load_find(const struct round_work *work, uint64_t id);

// The offers of a student's list, in arena. NULL when memory is short or one is not there.
Kansen__V1__RoundOffer **round_load_offers(const struct round_work *work,
                                           const Kansen__V1__RoundStudent *student, struct arena *arena);

// Students with their lists; seats. The first also ROUND_WORK_E_ENDED.
int round_load_students(struct round_work *work, struct txn *txn,
                        const struct round_work_leave *leave) MUST_CHECK;
int round_load_seats(struct round_work *work) MUST_CHECK;

#endif
