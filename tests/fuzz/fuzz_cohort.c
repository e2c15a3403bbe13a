// SPDX-License-Identifier: Apache-2.0
// The engine of a round on whatever cohort the bytes make, of up to 40 students: the result is feasible and
// stable, it does not depend on who proposes first, and what a student is told fits its place.
#include "cohort/allocate.h"
#include "cohort/cutoff.h"
#include "cohort/explain.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

#define STUDENTS 40u
#define OFFERS   12u
#define CLASSES  4u // the last one is ineligible

struct world {
    struct cohort cohort;
    struct cohort_lottery lottery;
    uint8_t flags[STUDENTS];
    uint32_t list[STUDENTS + 1], rank[STUDENTS], student[STUDENTS];
    struct cohort_wish wishes[STUDENTS * OFFERS];
    struct cohort_offer offers[OFFERS];
};

// A list: bytes that name an offer and a class, until an offer comes twice.
static void
make_list(struct world *w, uint32_t student, const uint8_t **data, size_t *size)
{
    uint32_t at = w->list[student], seen = 0;

    for (;;) {
        uint8_t byte = fuzz_byte(data, size);
        uint32_t offer = byte / CLASSES % w->cohort.n_offers, class = byte % CLASSES;

        if (seen >> offer & 1)
            break;
        seen |= UINT32_C(1) << offer;
        w->wishes[at++] = (struct cohort_wish){offer, class == CLASSES - 1 ? COHORT_INELIGIBLE : class};
    }
    w->list[student + 1] = at;
}

static void
make_world(struct world *w, const uint8_t *data, size_t size)
{
    uint32_t pinned[OFFERS] = {0};

    memset(w, 0, sizeof *w);
    w->cohort.n_students = fuzz_byte(&data, &size) % (STUDENTS + 1);
    w->cohort.n_offers = 1 + fuzz_byte(&data, &size) % OFFERS;
    for (uint32_t j = 0; j < w->cohort.n_offers; j++) {
        uint8_t byte = fuzz_byte(&data, &size);

        w->offers[j] = (struct cohort_offer){byte & 0xF, byte >> 4};
    }
    for (uint32_t i = 0; i < w->cohort.n_students; i++) {
        uint8_t byte = fuzz_byte(&data, &size);
        uint32_t place = byte / 4 % (i + 1);

        make_list(w, i, &data, &size);
        w->flags[i] = byte & COHORT_REFERRED;
        if ((byte & COHORT_PINNED) != 0) {
            uint32_t offer = w->wishes[w->list[i + 1] - 1].offer;

            if (pinned[offer]++ < w->offers[offer].capacity)
                w->flags[i] |= COHORT_PINNED;
        }
        w->student[i] = w->student[place]; // a permutation
        w->student[place] = i;
    }
    for (uint32_t l = 0; l < w->cohort.n_students; l++)
        w->rank[w->student[l]] = l;
    w->cohort.flags = w->flags;
    w->cohort.list = w->list;
    w->cohort.wishes = w->wishes;
    w->cohort.offers = w->offers;
    w->lottery = (struct cohort_lottery){w->rank, w->student, NULL};
}

static void
check_told(const struct world *w, const struct cohort_place *places, const struct cutoff *cutoffs)
{
    for (uint32_t i = 0; i < w->cohort.n_students; i++) {
        struct explain_wish wishes[OFFERS];
        struct explain_student told;

        explain_student(&w->cohort, &w->lottery, places, cutoffs, i, &told, wishes);
        assert((told.seat == EXPLAIN_NO_SEAT) == (places[i].rank == 0));
        assert(told.seat != EXPLAIN_RESERVED_SEAT || told.referred);
        for (uint32_t k = 0; k < w->list[i + 1] - w->list[i]; k++) {
            bool behind = places[i].rank != 0 && k + 1 > places[i].rank;

            assert((wishes[k].reason == EXPLAIN_NOT_CONSIDERED) == behind);
            assert((wishes[k].reason == EXPLAIN_OBTAINED) == (k + 1 == places[i].rank));
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    struct cohort_place places[STUDENTS], again[STUDENTS];
    struct cutoff cutoffs[OFFERS];
    struct cutoff_finding finding;
    size_t allocate, cutoff;
    void *memory;

    make_world(&world, data, size);
    allocate = allocate_size(&world.cohort);
    cutoff = cutoff_size(&world.cohort);
    memory = aligned_alloc(64, ((allocate > cutoff ? allocate : cutoff) + 63) / 64 * 64);
    assert(memory != NULL);
    allocate_run(&world.cohort, &world.lottery, NULL, memory, places);
    allocate_run(&world.cohort, &world.lottery, world.student, memory, again);
    for (uint32_t i = 0; i < world.cohort.n_students; i++)
        assert(places[i].offer == again[i].offer && places[i].rank == again[i].rank);
    assert(cutoff_feasible(&world.cohort, places, memory, &finding) == CUTOFF_SOUND);
    cutoff_compute(&world.cohort, &world.lottery, places, memory, cutoffs);
    assert(cutoff_stable(&world.cohort, &world.lottery, places, cutoffs, &finding) == CUTOFF_SOUND);
    check_told(&world, places, cutoffs);
    free(memory);
    return 0;
}
