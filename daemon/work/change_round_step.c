// SPDX-License-Identifier: Apache-2.0
// What a round does by itself: parts of bounded size, each a command of its own. A part is for one version of
// the round and makes the next one, so a part that is sent twice, or behind its time, does nothing.
#include "cohort/explain.h"
#include "store/round.h"
#include "work/change_round.h"
#include "work/lifecycle.h"
#include "work/round_offer.h"
#include "work/round_plan.h"
#include "work/round_publish.h"
#include "work/round_revision.h"
#include "work/seats.h"
#include <string.h>

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name
#define PART(name)  KANSEN__V1__ADVANCE_ROUND__PART_##name

#define COUNT_MAX 4096u // offers or students in one part
#define RANKS     32u   // that are counted apart

// Places on lists in one part: when so many are reached no more students are taken into it, as lists may be
// long.
#define PLACES_MAX (1u << 20)

// Parts of COMPUTING.
enum { PHASE_RESULTS, PHASE_CUTOFFS, PHASE_TOTALS };

// Parts of PUBLISHING.
enum { PHASE_RELEASE, PHASE_PLACE };

// ---- Walks

typedef int offer_step(struct change *change, Kansen__V1__Round *round, Kansen__V1__RoundOffer *offer);
typedef int student_step(struct change *change, Kansen__V1__Round *round, Kansen__V1__RoundStudent *student);

// Does the next offers of the round; *ended when there are no more.
static int
walk_offers(struct change *change, Kansen__V1__Round *round, uint32_t count, offer_step *step, bool *ended)
{
    int rc = 0;

    for (uint32_t i = 0; i < count && rc == 0; i++) {
        Kansen__V1__RoundOffer *offer = NULL;

        rc = round_offer_next(change->txn, round->id, round->at_offer, change->arena, &offer);
        if (rc == 0)
            rc = step(change, round, offer);
        if (rc == 0)
            round->at_offer = offer->offer_id;
    }
    *ended = rc == STORE_E_NOT_FOUND;
    return *ended ? 0 : rc;
}

static int
walk_students(struct change *change, Kansen__V1__Round *round, uint32_t count, student_step *step,
              bool *ended)
{
    size_t places = 0;
    int rc = 0;

    for (uint32_t i = 0; i < count && places < PLACES_MAX && rc == 0; i++) {
        Kansen__V1__RoundStudent *student = NULL;

        rc = round_student_next(change->txn, round->id, &round->at_student, change->arena, &student);
        if (rc == 0)
            rc = step(change, round, student);
        if (rc == 0) {
            round->at_student = student->ref;
            places += student->n_offers;
        }
    }
    *ended = rc == STORE_E_NOT_FOUND;
    return *ended ? 0 : rc;
}

static int
release(struct change *change, Kansen__V1__Round *round, Kansen__V1__RoundOffer *offer)
{
    return round_publish_release(change, round, offer->offer_id);
}

static int
place(struct change *change, Kansen__V1__Round *round, Kansen__V1__RoundStudent *student)
{
    return round_publish_place(change, round, student);
}

// Gives seats that are free after the round to those who wait for them.
static int
fill(struct change *change, Kansen__V1__Round *round, Kansen__V1__RoundOffer *offer)
{
    (void)round;
    return seats_fill(change, offer->offer_id);
}

static void
next_phase(Kansen__V1__Round *round)
{
    round->phase++;
    round->at_offer = 0;
    round->at_student = (ProtobufCBinaryData){0};
}

// ---- Parts

// The first list that is left, or else the first of those that are unfinished.
static int
next_list(struct change *change, const Kansen__V1__Round *round, Kansen__V1__RoundStudent **student,
          bool *unfinished)
{
    int rc = round_student_next(change->txn, round->id, NULL, change->arena, student);

    *unfinished = rc == STORE_E_NOT_FOUND;
    return *unfinished ? round_unfinished_first(change->txn, round->id, change->arena, student) : rc;
}

// Deletes the next lists with their results, then those that are unfinished, then objections; *ended when
// none is left.
static int
forget(struct change *change, Kansen__V1__Round *round, uint32_t count, bool *ended)
{
    size_t places = 0;
    int rc = 0;

    for (uint32_t i = 0; i < count && places < PLACES_MAX && rc == 0; i++) {
        Kansen__V1__RoundObjection *objection = NULL;
        Kansen__V1__RoundStudent *student = NULL;
        bool unfinished = false;

        rc = next_list(change, round, &student, &unfinished);
        if (rc == 0) {
            rc = unfinished ? round_unfinished_delete(change->txn, student)
                            : round_student_delete(change->txn, student);
            round->forgotten += unfinished ? 0 : 1;
            round->unfinished -= unfinished ? 1 : 0;
            places += student->n_offers;
            continue;
        }
        if (rc == STORE_E_NOT_FOUND)
            rc = round_objection_next(change->txn, round->id, 0, change->arena, &objection);
        if (rc == 0)
            rc = round_objection_delete(change->txn, objection);
    }
    *ended = rc == STORE_E_NOT_FOUND;
    return *ended ? 0 : rc;
}

static int
forget_part(struct change *change, Kansen__V1__Round *round, uint32_t count)
{
    bool ended = false;
    int rc = forget(change, round, count, &ended);

    if (rc == 0 && ended && !round_life_move(round->state, ROUND_IS_FORGOTTEN, &round->state))
        return STORE_FAULT_CORRUPT;
    return rc;
}

static int
publish(struct change *change, Kansen__V1__Round *round, uint32_t count)
{
    bool ended = false;
    int rc = round->phase == PHASE_RELEASE ? walk_offers(change, round, count, release, &ended)
                                           : walk_students(change, round, count, place, &ended);

    if (rc != 0 || !ended)
        return rc;
    if (round->phase == PHASE_RELEASE) {
        next_phase(round);
        return 0;
    }
    if (!round_life_move(round->state, ROUND_IS_PUBLISHED, &round->state))
        return STORE_FAULT_CORRUPT;
    round->at_offer = 0;
    round->phase = 0;
    round->settling = true;
    round->published_us = change->command->time_us;
    return 0;
}

static int
count_part(struct change *change, Kansen__V1__Round *round, uint32_t count, bool *does)
{
    bool ended = false;
    int rc;

    count = count < COUNT_MAX ? count : COUNT_MAX;
    if (round->settling) {
        rc = walk_offers(change, round, count, fill, &ended);
        round->settling = !ended;
        return rc;
    }
    if (round->state == STATE(PUBLISHING))
        return publish(change, round, count);
    if (round->state == STATE(FORGETTING))
        return forget_part(change, round, count);
    *does = round->state == STATE(FREEZING) && round->phase == 0;
    if (!*does)
        return 0;
    rc = walk_offers(change, round, count, round_offer_count, &ended);
    if (rc == 0 && ended)
        next_phase(round);
    return rc;
}

// Adds a rank to a histogram. Ranks above the last one count as that.
static int
count_rank(struct change *change, size_t *n, uint64_t **ranks, uint32_t rank)
{
    rank = rank < RANKS ? rank : RANKS;
    if (rank > *n) {
        uint64_t *larger = arena_array(change->arena, rank, sizeof *larger);

        if (larger == NULL)
            return STORE_FAULT_MEMORY;
        if (*n > 0)
            memcpy(larger, *ranks, *n * sizeof *larger);
        *ranks = larger;
        *n = rank;
    }
    (*ranks)[rank - 1]++;
    return 0;
}

static int
put_result(struct change *change, Kansen__V1__Round *round, const Kansen__V1__RoundStudent *student,
           const Kansen__V1__RoundResult *result)
{
    int rc = round_result_put(change->txn, round->id, student->ref.data, result);

    if (rc != 0 || result->rank == 0)
        return rc;
    round->assigned++;
    rc = count_rank(change, &round->n_ranks, &round->ranks, result->rank);
    if (rc == 0 && student->referred) {
        round->assigned_referred++;
        rc = count_rank(change, &round->n_ranks_referred, &round->ranks_referred, result->rank);
    }
    return rc;
}

static int
results_part(struct change *change, Kansen__V1__Round *round, const Kansen__V1__RoundResults *results)
{
    Kansen__V1__RoundStudent *student = NULL;
    int rc = 0;

    for (size_t i = 0; i < results->n_results && rc == 0; i++) {
        rc = round_student_next(change->txn, round->id, &round->at_student, change->arena, &student);
        if (rc == 0)
            rc = put_result(change, round, student, results->results[i]);
        if (rc == 0)
            round->at_student = student->ref;
    }
    if (rc == 0) {
        rc = round_student_next(change->txn, round->id, &round->at_student, change->arena, &student);
        if (rc == STORE_E_NOT_FOUND) {
            next_phase(round);
            rc = 0;
        }
    }
    return rc > 0 ? STORE_FAULT_CORRUPT : rc;
}

// What the public cutoffs leave out, from which follows what else has to be left out: kansen-record(5).
static void
count_apart(Kansen__V1__Round *round, const Kansen__V1__RoundOffer *offer)
{
    uint32_t others = offer->held - offer->held_referred;

    if (offer->held < EXPLAIN_K)
        round->apart += offer->held;
    if (offer->held_referred < EXPLAIN_K || others < EXPLAIN_K) {
        round->apart_referred += offer->held_referred;
        round->apart_others += others;
    }
}

static int
put_cutoff(struct change *change, Kansen__V1__Round *round, const Kansen__V1__RoundOffer *given)
{
    Kansen__V1__RoundOffer *offer = NULL;
    int rc = round_offer_get(change->txn, round->id, given->offer_id, change->arena, &offer);

    if (rc != 0)
        return rc;
    offer->held = given->held;
    offer->held_referred = given->held_referred;
    offer->general_cutoff = given->general_cutoff;
    offer->referred_cutoff = given->referred_cutoff;
    offer->within_reserve = given->within_reserve;
    offer->listed = given->listed;
    offer->pinned_left = given->pinned_left;
    offer->pinned_left_referred = given->pinned_left_referred;
    round->at_offer = offer->offer_id;
    count_apart(round, offer);
    return round_offer_put(change->txn, offer, false);
}

static int
cutoffs_part(struct change *change, Kansen__V1__Round *round, const Kansen__V1__RoundCutoffs *cutoffs)
{
    Kansen__V1__RoundOffer *next = NULL;
    int rc = 0;

    for (size_t i = 0; i < cutoffs->n_offers && rc == 0; i++)
        rc = put_cutoff(change, round, cutoffs->offers[i]);
    if (rc == 0) {
        rc = round_offer_next(change->txn, round->id, round->at_offer, change->arena, &next);
        if (rc == STORE_E_NOT_FOUND) {
            next_phase(round);
            rc = 0;
        }
    }
    return rc > 0 ? STORE_FAULT_CORRUPT : rc;
}

// An input that is corrected before the draw, but when the public draw may have been held, was frozen when it
// was for the last time before that, as one that is corrected behind the draw.
static int
set_frozen(struct change *change, Kansen__V1__Round *round)
{
    Kansen__V1__RoundPlan *plan = NULL;
    int rc = round_plan_get(change->txn, round->id, change->arena, &plan);

    if (rc != 0)
        return rc;
    if (round->frozen_us == 0 || round_plan_is_ahead(plan->beacon, change->command->time_us))
        round->frozen_us = change->command->time_us;
    return 0;
}

static int
totals_part(struct change *change, Kansen__V1__Round *round, const Kansen__V1__RoundTotals *totals)
{
    enum round_event event = round->state == STATE(COMPUTING) ? ROUND_IS_COMPUTED
                             : round->seed.len > 0            ? ROUND_IS_FROZEN_AND_DRAWN
                                                              : ROUND_IS_FROZEN;

    if (!round_life_move(round->state, event, &round->state))
        return STORE_FAULT_CORRUPT;
    round->phase = 0;
    round->at_offer = 0;
    round->at_student = (ProtobufCBinaryData){0};
    round->input_digest = totals->input_digest;
    if (event != ROUND_IS_COMPUTED) { // a corrected input was frozen when its seed was drawn
        round_revision_frozen(round, change->command->time_us);
        return event == ROUND_IS_FROZEN ? set_frozen(change, round) : 0;
    }
    round_revision_computed(round);
    round->result_digest = totals->result_digest;
    round->cutoff_digest = totals->cutoff_digest;
    round->explanation_digest = totals->explanation_digest;
    round->merkle_root = totals->merkle_root;
    round->record_form = totals->record_form;
    round->computed_us = change->command->time_us;
    return 0;
}

// Does the part that is given if the round is at it; else *does is false.
static int
run_part(struct change *change, Kansen__V1__Round *round, bool *does)
{
    const Kansen__V1__AdvanceRound *given = change->command->write->advance_round;
    bool computing = round->state == STATE(COMPUTING);

    switch (given->part_case) {
    case PART(COUNT):
        return count_part(change, round, given->count, does);
    case PART(RESULTS):
        *does = computing && round->phase == PHASE_RESULTS;
        return *does ? results_part(change, round, given->results) : 0;
    case PART(CUTOFFS):
        *does = computing && round->phase == PHASE_CUTOFFS;
        return *does ? cutoffs_part(change, round, given->cutoffs) : 0;
    case PART(TOTALS):
        *does = (computing && round->phase == PHASE_TOTALS) ||
                (round->state == STATE(FREEZING) && round->phase == 1);
        return *does ? totals_part(change, round, given->totals) : 0;
    default:
        *does = false;
        return 0;
    }
}

int
change_advance_round(struct change *change)
{
    const Kansen__V1__AdvanceRound *given = change->command->write->advance_round;
    Kansen__V1__Round *old = NULL, *round = NULL;
    bool does = true;
    int rc = round_get(change->txn, given->round_id, change->arena, &old);

    if (rc == STORE_E_NOT_FOUND)
        return fault_set(change->fault, CODE_NOT_FOUND, "round_id", "there is no such round");
    if (rc == 0)
        rc = change_round_begin(change, old, &round);
    if (rc != 0)
        return rc;
    does = old->version == given->version && round_is_busy(old);
    if (does)
        rc = run_part(change, round, &does);
    if (rc != 0)
        return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    if (does)
        return change_round_done(change, round, old);
    change->outcome = KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED;
    change->id = old->id;
    change->version = old->version;
    return 0;
}
