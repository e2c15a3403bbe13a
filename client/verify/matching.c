// SPDX-License-Identifier: Apache-2.0
#include "client/verify/matching.h"
#include <stdlib.h>

struct applicant {
    uint64_t key;
    uint32_t offer, student;
    uint8_t order; // 0 pinned, 1 chosen for the reserve, 2 the others
    bool referred;
};

struct state {
    const struct input *input;
    const struct lottery *lottery;
    size_t *next;               // by student: the entry to ask for next
    size_t *held;               // by student: the entry held, or MATCHING_NONE
    struct applicant *held_by;  // by offer, from first[offer]: whom it holds
    size_t *first;              // n_offers + 1
    uint32_t *n_held;           // by offer
    uint32_t *asking;           // students without a place who may have someone to ask
    struct applicant *asked;    // this round's applications
    struct applicant *together; // of one offer: whom it holds and who asks
};

static void
release(struct state *state)
{
    free(state->next);
    free(state->held_by);
    free(state->first);
    free(state->n_held);
    free(state->asking);
    free(state->asked);
    free(state->together);
}

// An offer holds at most as many as it has seats, and as many as list it.
static int
prepare(struct state *state)
{
    const struct input *input = state->input;
    size_t n = (size_t)input->n_students + 1, total = 0, most = 0;

    state->next = calloc(n, sizeof *state->next);
    state->held = calloc(n, sizeof *state->held);
    state->first = calloc((size_t)input->n_offers + 1, sizeof *state->first);
    state->n_held = calloc((size_t)input->n_offers + 1, sizeof *state->n_held);
    state->asking = calloc(n, sizeof *state->asking);
    state->asked = calloc(n, sizeof *state->asked);
    if (state->next == NULL || state->held == NULL || state->first == NULL || state->n_held == NULL ||
        state->asking == NULL || state->asked == NULL)
        return -1;
    for (size_t i = 0; i < input->n_entries; i++)
        state->n_held[input->entries[i].offer]++; // counts who lists it, for now
    for (uint32_t i = 0; i < input->n_offers; i++) {
        size_t holds = state->n_held[i] < input->offers[i].seats ? state->n_held[i] : input->offers[i].seats;

        most = holds > most ? holds : most;
        state->first[i] = total;
        total += holds;
        state->n_held[i] = 0;
    }
    state->held_by = calloc(total + 1, sizeof *state->held_by);
    state->together = calloc(n + most, sizeof *state->together);
    for (uint32_t i = 0; i < input->n_students; i++) {
        state->next[i] = input->students[i].first;
        state->held[i] = MATCHING_NONE;
    }
    return state->held_by == NULL || state->together == NULL ? -1 : 0;
}

static int
by_order_and_key(const void *a, const void *b)
{
    const struct applicant *one = a, *two = b;

    if (one->order != two->order)
        return one->order < two->order ? -1 : 1;
    return (one->key > two->key) - (one->key < two->key);
}

static int
by_offer(const void *a, const void *b)
{
    const struct applicant *one = a, *two = b;

    if (one->offer != two->offer)
        return one->offer < two->offer ? -1 : 1;
    return (one->student > two->student) - (one->student < two->student);
}

// Sorts the applicants of an offer so that those whom it chooses come first; returns how many it chooses.
static size_t
choose(const struct input_offer *offer, struct applicant *applicants, size_t n)
{
    size_t seats = offer->seats, reserve = offer->reserve, at = 0;

    qsort(applicants, n, sizeof *applicants, by_order_and_key);
    for (; at < n && applicants[at].order == 0; at++) { // pinned: never more than seats
        seats--;
        reserve -= applicants[at].referred && reserve > 0;
    }
    reserve = reserve < seats ? reserve : seats;
    for (size_t i = at; i < n && reserve > 0; i++) // by key: the best referred
        if (applicants[i].referred) {
            applicants[i].order = 1;
            reserve--;
        }
    qsort(applicants, n, sizeof *applicants, by_order_and_key);
    return n < offer->seats ? n : offer->seats;
}

// All who ask this round, by offer; returns how many.
static size_t
ask(struct state *state, size_t n_asking)
{
    const struct input *input = state->input;
    size_t n = 0;

    for (size_t i = 0; i < n_asking; i++) {
        uint32_t student = state->asking[i];
        size_t *next = &state->next[student];

        while (*next < input->students[student].last && input->entries[*next].kind == INPUT_INELIGIBLE)
            ++*next;
        if (*next == input->students[student].last)
            continue;
        state->asked[n++] = (struct applicant){
            .key = lottery_key(input, state->lottery, student, *next),
            .offer = input->entries[*next].offer,
            .student = student,
            .order = input->entries[*next].kind == INPUT_PINNED ? 0 : 2,
            .referred = input->students[student].referred,
        };
    }
    qsort(state->asked, n, sizeof *state->asked, by_offer);
    return n;
}

// One offer answers n applications; whom it does not choose asks again. Returns how many these are now.
static size_t
answer(struct state *state, const struct applicant *asked, size_t n, size_t n_asking)
{
    uint32_t offer = asked->offer;
    struct applicant *held = state->held_by + state->first[offer];
    size_t all = state->n_held[offer] + n, chosen;

    memcpy(state->together, held, state->n_held[offer] * sizeof *held);
    memcpy(state->together + state->n_held[offer], asked, n * sizeof *held);
    for (size_t i = 0; i < all; i++) // the reserve is chosen anew each time
        state->together[i].order = state->together[i].order == 0 ? 0 : 2;
    chosen = choose(&state->input->offers[offer], state->together, all);
    memcpy(held, state->together, chosen * sizeof *held);
    state->n_held[offer] = (uint32_t)chosen;
    for (size_t i = 0; i < all; i++) {
        uint32_t student = state->together[i].student;

        if (i < chosen) {
            state->held[student] = state->next[student];
        } else {
            state->held[student] = MATCHING_NONE;
            state->next[student]++;
            state->asking[n_asking++] = student;
        }
    }
    return n_asking;
}

size_t *
matching_derive(const struct input *input, const struct lottery *lottery, struct report *report)
{
    struct state state = {.input = input, .lottery = lottery};
    size_t n_asking = input->n_students;

    if (prepare(&state) != 0) {
        report_no_memory(report);
        free(state.held);
        state.held = NULL;
        n_asking = 0;
    }
    for (size_t i = 0; i < n_asking; i++)
        state.asking[i] = (uint32_t)i;
    while (n_asking > 0) {
        size_t n = ask(&state, n_asking);

        n_asking = 0;
        for (size_t from = 0, to; from < n; from = to) {
            for (to = from; to < n && state.asked[to].offer == state.asked[from].offer;)
                to++;
            n_asking = answer(&state, state.asked + from, to - from, n_asking);
        }
    }
    release(&state);
    return state.held;
}
