// SPDX-License-Identifier: Apache-2.0
// Small random cohorts for the tests of the engine, with everything that the rules know: classes that many
// share, ineligible pairs, no seats, reserves beyond the capacity, empty lists, pinned students, offers that
// draw of their own. The same for the same dice.
#ifndef TESTS_UNIT_COHORT_FIXTURE_H
#define TESTS_UNIT_COHORT_FIXTURE_H

#include "cohort/cohort.h"
#include "tests/bench/dice.h"
#include <string.h>

#define SMALL_STUDENTS 6u
#define SMALL_OFFERS   4u
#define SMALL_WISHES   (SMALL_STUDENTS * SMALL_OFFERS)

struct small {
    struct cohort cohort;
    struct cohort_lottery lottery;
    uint8_t flags[SMALL_STUDENTS];
    uint32_t list[SMALL_STUDENTS + 1];
    struct cohort_wish wishes[SMALL_WISHES];
    struct cohort_offer offers[SMALL_OFFERS];
    uint32_t rank[SMALL_STUDENTS], student[SMALL_STUDENTS], own[SMALL_WISHES];
};

// A permutation of 0 .. n - 1.
static inline void
small_shuffle(struct dice *dice, uint32_t *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t j = dice_below(dice, i + 1);

        if (j != i)
            out[i] = out[j];
        out[j] = i;
    }
}

static inline void
small_list(struct dice *dice, struct small *small, uint32_t student)
{
    uint32_t order[SMALL_OFFERS], classes = 1 + dice_below(dice, 4);
    uint32_t n = small->cohort.n_offers, from = small->list[student];
    uint32_t len = dice_percent(dice, 60) ? n : dice_below(dice, n + 1);

    small_shuffle(dice, order, n);
    for (uint32_t w = 0; w < len; w++) {
        bool ineligible = dice_percent(dice, 12);

        small->wishes[from + w] = (struct cohort_wish){
            order[w], ineligible ? COHORT_INELIGIBLE : dice_below(dice, classes) * (COHORT_WORST_CLASS / 3)};
    }
    small->list[student + 1] = from + len;
}

static inline void
small_pin(struct dice *dice, struct small *small)
{
    uint32_t pinned[SMALL_OFFERS] = {0};

    for (uint32_t i = 0; i < small->cohort.n_students; i++) {
        uint32_t end = small->list[i + 1];

        if (end == small->list[i] || !dice_percent(dice, 25))
            continue;
        if (pinned[small->wishes[end - 1].offer] < small->offers[small->wishes[end - 1].offer].capacity) {
            pinned[small->wishes[end - 1].offer]++;
            small->flags[i] |= COHORT_PINNED;
        }
    }
}

// Numbers of their own among those who list an offer.
static inline void
small_draw_own(struct dice *dice, struct small *small)
{
    for (uint32_t j = 0; j < small->cohort.n_offers; j++) {
        uint32_t order[SMALL_STUDENTS], n = 0, at = 0;

        for (uint32_t w = 0; w < small->list[small->cohort.n_students]; w++)
            n += small->wishes[w].offer == j;
        small_shuffle(dice, order, n);
        for (uint32_t w = 0; w < small->list[small->cohort.n_students]; w++)
            if (small->wishes[w].offer == j)
                small->own[w] = order[at++];
    }
    small->lottery.own = small->own;
}

static inline void
small_point(struct small *small)
{
    small->cohort.flags = small->flags;
    small->cohort.list = small->list;
    small->cohort.wishes = small->wishes;
    small->cohort.offers = small->offers;
    small->lottery.rank = small->rank;
    small->lottery.student = small->student;
}

static inline void
small_make(struct dice *dice, struct small *small, uint32_t max_students)
{
    memset(small, 0, sizeof *small);
    small->cohort.n_students = 1 + dice_below(dice, max_students);
    small->cohort.n_offers = 1 + dice_below(dice, SMALL_OFFERS);
    small_point(small);
    for (uint32_t j = 0; j < small->cohort.n_offers; j++)
        small->offers[j] =
            (struct cohort_offer){(uint16_t)dice_below(dice, 4), (uint16_t)dice_below(dice, 4)};
    for (uint32_t i = 0; i < small->cohort.n_students; i++) {
        small->flags[i] = dice_percent(dice, 40) ? COHORT_REFERRED : 0;
        small_list(dice, small, i);
    }
    small_pin(dice, small);
    small_shuffle(dice, small->student, small->cohort.n_students);
    for (uint32_t l = 0; l < small->cohort.n_students; l++)
        small->rank[small->student[l]] = l;
    if (dice_percent(dice, 25))
        small_draw_own(dice, small);
}

#endif
