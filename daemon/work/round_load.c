// SPDX-License-Identifier: Apache-2.0
// What the round counts (offers, students, places on lists) says how large the arrays are; a record more or
// less is damage.
#include "work/round_load.h"
#include "base/huge.h"
#include "store/store.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY    1024u               // students from one question whether to go on to the next
#define RECORD_MEMORY ((size_t)256 << 20) // of one record

int
round_load_begin(struct round_walk *walk)
{
    walk->arena = arena_new(RECORD_MEMORY);
    return walk->arena == NULL ? STORE_FAULT_MEMORY : 0;
}

// 0, STORE_E_NOT_FOUND at the end, ROUND_WORK_E_ENDED or a fault.
int
round_load_next(struct round_walk *walk, Kansen__V1__RoundStudent **student)
{
    int rc;

    if (walk->looks++ % LOOK_EVERY == 0 && !walk->leave->goes_on(walk->leave->arg))
        return ROUND_WORK_E_ENDED;
    arena_reset(walk->arena);
    rc = round_student_next(walk->txn, walk->round->id, &walk->after, walk->arena, student);
    if (rc != 0)
        return rc;
    memcpy(walk->ref, (*student)->ref.data, sizeof walk->ref);
    walk->after = (ProtobufCBinaryData){sizeof walk->ref, walk->ref};
    return 0;
}

// ---- Offers

static int
read_offers(struct round_work *work, struct txn *txn, const Kansen__V1__Round *round)
{
    uint64_t after = 0;
    uint32_t n = 0;
    int rc = 0;

    work->offers = arena_array(work->arena, round->offers + 1, sizeof(Kansen__V1__RoundOffer *));
    if (work->offers == NULL)
        return STORE_FAULT_MEMORY;
    while (n < round->offers &&
           (rc = round_offer_next(txn, round->id, after, work->arena, &work->offers[n])) == 0)
        after = work->offers[n++]->offer_id;
    work->cohort.n_offers = n;
    return rc > 0 ? STORE_FAULT_CORRUPT : rc; // it counts its offers
}

// The place of the first offer whose id is at least this one.
size_t
round_load_find(const struct round_work *work, uint64_t id)
{
    size_t low = 0, high = work->cohort.n_offers;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (work->offers[middle]->offer_id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// The offers of a student's list, in arena. NULL when memory is short or one is not there.
Kansen__V1__RoundOffer **
round_load_offers(const struct round_work *work, const Kansen__V1__RoundStudent *student, struct arena *arena)
{
    Kansen__V1__RoundOffer **list =
        arena_array(arena, student->n_offers + 1, sizeof(Kansen__V1__RoundOffer *));

    for (size_t i = 0; list != NULL && i < student->n_offers; i++) {
        size_t at = round_load_find(work, student->offers[i]);

        if (at == work->cohort.n_offers || work->offers[at]->offer_id != student->offers[i])
            return NULL;
        list[i] = work->offers[at];
    }
    return list;
}

int
round_load_open(struct txn *txn, const Kansen__V1__Round *round, struct round_work **out)
{
    struct round_work *work = calloc(1, sizeof *work);
    int rc;

    if (work == NULL)
        return STORE_FAULT_MEMORY;
    work->arena = arena_new(SIZE_MAX / 2);
    rc = work->arena == NULL ? STORE_FAULT_MEMORY : round_lines_open(txn, round, work->arena, &work->lines);
    if (rc == 0)
        rc = read_offers(work, txn, round);
    if (rc != 0) {
        round_work_free(work);
        return rc;
    }
    *out = work;
    return 0;
}

// ---- Into arrays

// Arrays that are filled while the students are walked.
struct filling {
    char *text;
    uint32_t *starts, *list;
    uint8_t *flags;
};

static int
make_room(struct round_work *work, const Kansen__V1__Round *round, struct filling *filling)
{
    size_t n = (size_t)round->students;

    if (round->students >= UINT32_MAX / ROUND_REF_TEXT || round->entries >= UINT32_MAX)
        return STORE_FAULT_MEMORY; // beyond what a round may have
    filling->text = arena_take(work->arena, n * ROUND_REF_TEXT + ROUND_LINES_REF);
    filling->starts = arena_array(work->arena, n + 1, sizeof filling->starts[0]);
    filling->list = arena_array(work->arena, n + 1, sizeof filling->list[0]);
    filling->flags = arena_array(work->arena, n + 1, 1);
    work->wishes = huge_alloc(((size_t)round->entries + 1) * sizeof work->wishes[0]);
    work->refs = arena_array(work->arena, n + 1, sizeof work->refs[0]);
    work->seeds = arena_array(work->arena, n + 1, 1);
    return filling->text == NULL || filling->starts == NULL || filling->list == NULL ||
                   filling->flags == NULL || work->wishes == NULL || work->refs == NULL || work->seeds == NULL
               ? STORE_FAULT_MEMORY
               : 0;
}

static int
add_student(struct round_work *work, const Kansen__V1__RoundStudent *student, struct filling *filling,
            struct arena *arena)
{
    uint32_t at = work->cohort.n_students, wish = filling->list[at];
    Kansen__V1__RoundOffer **list = round_load_offers(work, student, arena);

    if (list == NULL || at == work->lines.round->students || student->seed > work->lines.plan->n_earlier ||
        wish + student->n_offers > work->lines.round->entries)
        return STORE_FAULT_CORRUPT; // the round counts them
    round_lines_ref(student->ref.data, filling->text + (size_t)at * ROUND_REF_TEXT);
    memcpy(work->refs[at], student->ref.data, ROUND_REF_BYTES);
    work->seeds[at] = (uint8_t)student->seed;
    filling->flags[at] = (uint8_t)((student->referred ? COHORT_REFERRED : 0) |
                                   (student->pinned_placement != 0 ? COHORT_PINNED : 0));
    for (size_t i = 0; i < student->n_offers; i++) {
        const char *line;

        work->wishes[wish].offer = (uint32_t)round_load_find(work, student->offers[i]);
        work->wishes[wish++].class =
            round_lines_is_pinned(student, i) ? 0 : round_lines_class(&work->lines, student, list[i], &line);
    }
    work->longest = student->n_offers > work->longest ? student->n_offers : work->longest;
    filling->starts[at + 1] = (uint32_t)((at + 1) * ROUND_REF_TEXT);
    filling->list[at + 1] = wish;
    work->cohort.n_students++;
    return 0;
}

int
round_load_students(struct round_work *work, struct txn *txn, const struct round_work_leave *leave)
{
    struct round_walk walk = {.txn = txn, .round = work->lines.round, .leave = leave};
    Kansen__V1__RoundStudent *student = NULL;
    struct filling filling;
    int rc = make_room(work, work->lines.round, &filling);

    if (rc == 0)
        rc = round_load_begin(&walk);
    while (rc == 0 && (rc = round_load_next(&walk, &student)) == 0)
        rc = add_student(work, student, &filling, walk.arena);
    arena_free(walk.arena);
    if (rc != STORE_E_NOT_FOUND)
        return rc;
    work->cohort.student_refs = (struct cohort_refs){filling.text, filling.starts};
    work->cohort.flags = filling.flags;
    work->cohort.list = filling.list;
    work->cohort.wishes = work->wishes;
    return 0;
}

int
round_load_seats(struct round_work *work)
{
    uint32_t n = work->cohort.n_offers;
    char *text = arena_take(work->arena, (size_t)n * ROUND_LINES_OFFER + 1);
    uint32_t *starts = arena_array(work->arena, (size_t)n + 1, sizeof *starts);
    struct cohort_offer *offers = arena_array(work->arena, (size_t)n + 1, sizeof *offers);

    if (text == NULL || starts == NULL || offers == NULL)
        return STORE_FAULT_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        const Kansen__V1__RoundOffer *offer = work->offers[i];

        round_lines_offer_ref(offer->offer_id, text + starts[i]);
        starts[i + 1] = starts[i] + (uint32_t)strlen(text + starts[i]);
        offers[i] = (struct cohort_offer){(uint16_t)offer->seats, (uint16_t)offer->reserved};
    }
    work->cohort.offer_refs = (struct cohort_refs){text, starts};
    work->cohort.offers = offers;
    return 0;
}
