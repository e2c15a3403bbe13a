// SPDX-License-Identifier: Apache-2.0
// An offer with as many seats as one may have, and more students than that: who gets in is known from the
// numbers alone, as all have one class.
#include "cohort/allocate.h"
#include "cohort/cutoff.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <string.h>

#define CROWD 70000u

struct crowd {
    struct cohort cohort;
    struct cohort_lottery lottery;
    struct cohort_offer offer;
    uint8_t flags[CROWD];
    uint32_t list[CROWD + 1], rank[CROWD], student[CROWD];
    struct cohort_wish wishes[CROWD];
    struct cohort_place places[CROWD];
    struct cutoff cutoff;
};

// Numbers run against the index, so that everybody who comes later is better; referred = every n-th.
static struct crowd *
make_crowd(uint16_t reserve, uint32_t every)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);

    assert_non_null(crowd);
    crowd->cohort = (struct cohort){.n_students = CROWD, .n_offers = 1, .flags = crowd->flags};
    crowd->cohort.list = crowd->list;
    crowd->cohort.wishes = crowd->wishes;
    crowd->cohort.offers = &crowd->offer;
    crowd->lottery = (struct cohort_lottery){crowd->rank, crowd->student, NULL};
    crowd->offer = (struct cohort_offer){COHORT_MAX_SEATS, reserve};
    for (uint32_t i = 0; i < CROWD; i++) {
        crowd->flags[i] = i % every == 0 ? COHORT_REFERRED : 0;
        crowd->list[i + 1] = i + 1;
        crowd->rank[i] = CROWD - 1 - i;
        crowd->student[CROWD - 1 - i] = i;
    }
    return crowd;
}

static void
allocate(struct crowd *crowd)
{
    size_t size = allocate_size(&crowd->cohort), other = cutoff_size(&crowd->cohort);
    void *memory = aligned_alloc(64, ((size > other ? size : other) + 63) / 64 * 64);
    struct cutoff_finding finding;

    assert_non_null(memory);
    allocate_run(&crowd->cohort, &crowd->lottery, NULL, memory, crowd->places);
    assert_int_equal(cutoff_feasible(&crowd->cohort, crowd->places, memory, &finding), CUTOFF_SOUND);
    cutoff_compute(&crowd->cohort, &crowd->lottery, crowd->places, memory, &crowd->cutoff);
    assert_int_equal(cutoff_stable(&crowd->cohort, &crowd->lottery, crowd->places, &crowd->cutoff, &finding),
                     CUTOFF_SOUND);
    free(memory);
}

static void
test_the_most_seats_that_there_may_be(void **state)
{
    struct crowd *crowd = make_crowd(0, CROWD); // but one not referred

    (void)state;
    allocate(crowd);
    for (uint32_t i = 0; i < CROWD; i++)
        assert_int_equal(crowd->places[i].rank != 0, crowd->rank[i] < COHORT_MAX_SEATS);
    assert_int_equal(crowd->cutoff.held, COHORT_MAX_SEATS);
    assert_true(cutoff_key(crowd->cutoff.general) == COHORT_MAX_SEATS - 1);
    free(crowd);
}

// All 35,000 referred are within the reserve; the other seats go to the best of the others.
static void
test_the_largest_reserve(void **state)
{
    struct crowd *crowd = make_crowd(COHORT_MAX_SEATS, 2);

    (void)state;
    allocate(crowd);
    for (uint32_t i = 0; i < CROWD; i++)
        assert_int_equal(crowd->places[i].rank != 0,
                         i % 2 == 0 || crowd->rank[i] / 2 < COHORT_MAX_SEATS - CROWD / 2);
    assert_int_equal(crowd->cutoff.held_referred, CROWD / 2);
    assert_true(crowd->cutoff.referred == CUTOFF_OPEN);
    free(crowd);
}

// Only referred students: the reserve is full, and the worst of them go.
static void
test_nobody_but_referred(void **state)
{
    struct crowd *crowd = make_crowd(COHORT_MAX_SEATS, 1);

    (void)state;
    allocate(crowd);
    for (uint32_t i = 0; i < CROWD; i++)
        assert_int_equal(crowd->places[i].rank != 0, crowd->rank[i] < COHORT_MAX_SEATS);
    assert_true(crowd->cutoff.general == CUTOFF_CLOSED);
    assert_true(cutoff_key(crowd->cutoff.referred) == COHORT_MAX_SEATS - 1);
    free(crowd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_most_seats_that_there_may_be),
        cmocka_unit_test(test_the_largest_reserve),
        cmocka_unit_test(test_nobody_but_referred),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
