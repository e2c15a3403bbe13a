// SPDX-License-Identifier: Apache-2.0
// The engine's explanation wants a cohort: here it is one of a single student and the offers of a part of its
// list.
#include "work/round_view.h"
#include "store/round.h"
#include "store/store.h"

bool
round_view_has_result(const Kansen__V1__Round *round)
{
    return round->merkle_root.len != 0;
}

static int
read_offers(struct txn *txn, const struct round_lines *lines, struct arena *arena, struct round_view *view)
{
    int rc = 0;

    view->offers = arena_array(arena, view->part.n + 1, sizeof(Kansen__V1__RoundOffer *));
    if (view->offers == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < view->part.n && rc == 0; i++)
        rc = round_offer_get(txn, lines->round->id, view->student->offers[view->part.from + i], arena,
                             &view->offers[i]);
    return rc > 0 ? STORE_FAULT_CORRUPT : rc;
}

static struct cutoff
cutoff_of(const Kansen__V1__RoundOffer *offer)
{
    return (struct cutoff){.general = offer->general_cutoff,
                           .referred = offer->referred_cutoff,
                           .reserved = offer->within_reserve,
                           .held = (uint16_t)offer->held,
                           .held_referred = (uint16_t)offer->held_referred,
                           .pinned = (uint16_t)(offer->pinned - offer->pinned_left),
                           .pinned_referred =
                               (uint16_t)(offer->pinned_referred - offer->pinned_left_referred)};
}

// Takes the student's numbers at these wishes out of the result.
static int
take_own(struct round_view *view, struct arena *arena, uint32_t **own)
{
    Kansen__V1__RoundResult *result = view->result;
    uint32_t *numbers = arena_array(arena, view->part.n + 1, sizeof *numbers);

    view->draws_own = result->n_own_ranks != 0;
    if (numbers == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < view->part.n; i++) {
        size_t place = view->part.from + i;
        bool is_own = view->offers[i]->own_lottery;

        if (is_own && place >= result->n_own_ranks)
            return STORE_FAULT_CORRUPT;
        numbers[i] = is_own ? result->own_ranks[place] : result->lottery_rank;
    }
    result->n_own_ranks = 0;
    *own = numbers;
    return 0;
}

// The wishes of the part as a list of their own, with their cutoffs.
static void
fill_wishes(const struct round_lines *lines, const struct round_view *view, struct cohort_wish *wishes,
            struct cutoff *cutoffs)
{
    for (size_t i = 0; i < view->part.n; i++) {
        const char *line;

        wishes[i] = (struct cohort_wish){
            (uint32_t)i, round_lines_is_pinned(view->student, view->part.from + i)
                             ? 0
                             : round_lines_class(lines, view->student, view->offers[i], &line)};
        cutoffs[i] = cutoff_of(view->offers[i]);
    }
}

static int
explain(const struct round_lines *lines, struct arena *arena, struct round_view *view)
{
    const Kansen__V1__RoundStudent *student = view->student;
    size_t n = view->part.n, behind = view->part.from, got = view->result->rank;
    struct cohort_wish *wishes = arena_array(arena, n + 1, sizeof *wishes);
    struct cutoff *cutoffs = arena_array(arena, n + 1, sizeof *cutoffs);
    uint32_t list[2] = {0, (uint32_t)n}, rank = view->result->lottery_rank;
    bool ends = behind + n == student->n_offers;
    uint8_t flags = (uint8_t)((student->referred ? COHORT_REFERRED : 0) |
                              (student->pinned_placement != 0 && ends ? COHORT_PINNED : 0));
    struct cohort cohort = {.n_students = (uint32_t)lines->round->students,
                            .n_offers = (uint32_t)n,
                            .flags = &flags,
                            .list = list,
                            .wishes = wishes};
    uint32_t *own = NULL;
    int rc = take_own(view, arena, &own);
    struct cohort_lottery lottery = {.rank = &rank, .own = own};
    struct cohort_place place = {COHORT_NONE, got > behind ? (uint32_t)(got - behind) : 0};

    view->wishes = arena_array(arena, n + 1, sizeof *view->wishes);
    if (wishes == NULL || cutoffs == NULL || view->wishes == NULL)
        return STORE_FAULT_MEMORY;
    if (rc != 0)
        return rc;
    if (got > student->n_offers)
        return STORE_FAULT_CORRUPT;
    fill_wishes(lines, view, wishes, cutoffs);
    if (place.rank != 0)
        place.offer = place.rank - 1;
    explain_student(&cohort, &lottery, &place, cutoffs, 0, &view->explained, view->wishes);
    view->explained.place.rank = (uint32_t)got;
    // What was obtained stands before this part, of which nothing was looked at then.
    for (size_t i = 0; i < n && got != 0 && got <= behind; i++) {
        view->wishes[i].reason = EXPLAIN_NOT_CONSIDERED;
        view->wishes[i].bound = CUTOFF_CLOSED;
        view->wishes[i].worse_holds_reserved = false;
    }
    return 0;
}

int
round_view_make(struct txn *txn, const struct round_lines *lines, struct arena *arena,
                struct round_view *view)
{
    int rc = read_offers(txn, lines, arena, view);

    view->result = NULL;
    if (rc != 0 || !round_view_has_result(lines->round))
        return rc;
    rc = round_result_get(txn, lines->round->id, view->student->ref.data, arena, &view->result);
    if (rc != 0)
        return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    return explain(lines, arena, view);
}

void
round_view_wish(const struct round_lines *lines, const struct round_view *view, size_t i,
                Kansen__V1__RoundWish *out)
{
    const Kansen__V1__RoundOffer *offer = view->offers[i];

    kansen__v1__round_wish__init(out);
    out->offer_id = offer->offer_id;
    out->own_lottery = offer->own_lottery;
    if (view->result == NULL)
        return;
    out->lottery_rank = view->wishes[i].number;
    out->lottery_size = offer->own_lottery ? offer->listed : (uint32_t)lines->round->students;
}
