// SPDX-License-Identifier: Apache-2.0
// Students' lists: the command carries the student's reference in the round, which the worker made, never the
// school's own.
#include "store/placement.h"
#include "store/round.h"
#include "store/round_row.h"
#include "work/change_round.h"
#include "work/lifecycle.h"
#include "work/round_class.h"
#include "work/round_parts.h"
#include "work/valid.h"
#include <stdio.h>
#include <string.h>

#define STATE(name)   KANSEN__V1__ROUND_STATE__ROUND_STATE_##name
#define OUTCOME(name) KANSEN__V1__OUTCOME__OUTCOME_##name

// What a submission is decided on.
struct submission {
    const Kansen__V1__SubmitRoundList *given;
    struct arena *lists; // what is read and made of them; they may be long, and many in one batch
    Kansen__V1__Round *round;
    Kansen__V1__RoundPlan *plan;
    Kansen__V1__RoundStudent *old;   // NULL = the first list
    Kansen__V1__RoundStudent *parts; // that have come; NULL = none
    bool new_student;
    uint8_t *student; // id
    uint64_t *offers; // those of the parts before, those that are given, and the pinned one
    size_t n_offers;
    uint64_t kept; // placement by an earlier round of the row; 0 = none
};

static bool
is_operator(const struct change *change)
{
    return (change->command->movers & MOVER_OPERATOR) != 0;
}

// ---- Who

// The stored list of the student and the parts of another one, if there are any.
static int
find_old(struct change *change, uint64_t round, struct arena *lists, Kansen__V1__RoundStudent **old,
         Kansen__V1__RoundStudent **parts)
{
    int rc = round_student_get(change->txn, round, change->command->secrets->ref, lists, old);

    if (rc == STORE_E_NOT_FOUND) {
        *old = NULL;
        rc = 0;
    }
    return rc == 0 ? round_parts_find(change, round, lists, parts) : rc;
}

static int
check_old(struct change *change, const struct submission *submission)
{
    const Kansen__V1__RoundStudent *old = submission->old;
    bool revising = submission->round->state == STATE(REVISING);

    if (old == NULL && revising)
        return fault_set(
            change->fault, CODE_FAILED_PRECONDITION, "student",
            "this student had no list when the round was frozen, or took it back since; who comes later has "
            "a later round");
    if (old == NULL)
        return 0;
    if (!submission->given->replace)
        return fault_set(change->fault, CODE_ALREADY_EXISTS, "student",
                         "this student has a list in the round already");
    if (!is_operator(change) && strcmp(old->client, change->command->client) != 0)
        return fault_set(change->fault, CODE_PERMISSION_DENIED, "student",
                         "the list of this student came from another client");
    return 0;
}

// Finds or makes the student's id; an operator who corrects a list leaves whose it is.
static int
find_student(struct change *change, struct submission *submission)
{
    const struct command_secrets *secrets = change->command->secrets;
    int rc;

    submission->student = arena_alloc(change->arena, STUDENT_ID_BYTES);
    if (submission->student == NULL)
        return STORE_FAULT_MEMORY;
    if (submission->old != NULL) {
        memcpy(submission->student, submission->old->student_id.data, STUDENT_ID_BYTES);
        return 0;
    }
    rc = student_find(change->txn, secrets->student_hash, submission->student);
    if (rc != STORE_E_NOT_FOUND)
        return rc;
    submission->new_student = true;
    memcpy(submission->student, secrets->random, STUDENT_ID_BYTES);
    return 0;
}

// ---- The list

static int
check_offer(struct change *change, const struct submission *submission, size_t i)
{
    uint64_t offer = submission->given->offers[i], placement;
    char field[32];
    int rc;

    snprintf(field, sizeof field, "offers[%zu]", i);
    if (!round_has_offer(change->txn, submission->round->id, offer))
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                         "offer %llu does not take part in round %s", (unsigned long long)offer,
                         submission->round->name);
    if (submission->new_student)
        return 0;
    rc = student_seat_find(change->txn, submission->student, offer, &placement);
    if (rc == 0)
        return fault_set(
            change->fault, CODE_ALREADY_EXISTS, field,
            "this student has or awaits a seat there already, by placement %llu; end that first, "
            "or leave the offer out",
            (unsigned long long)placement);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// Whether the list may be about another seat than the one that the student holds.
static int
check_holding(struct change *change, const struct submission *submission,
              const Kansen__V1__Placement *placement)
{
    Kansen__V1__PlacementState next;

    if (lifecycle_move(placement->state, EVENT_WITHDRAW, MOVER_OPERATOR, &next) != 0)
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "student",
                         "this student's placement %llu, of an earlier round, is %s, so there is no other",
                         (unsigned long long)placement->id,
                         names_text(&names_placement_state, (int)placement->state));
    if (placement->referred != submission->given->referred)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "referred",
                         "placement %llu, which the student keeps, says otherwise of referral",
                         (unsigned long long)placement->id);
    if (!round_has_offer(change->txn, submission->round->id, placement->offer_id))
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "student",
                         "this student holds placement %llu, of an earlier round, at offer %llu, which does "
                         "not take part in round %s",
                         (unsigned long long)placement->id, (unsigned long long)placement->offer_id,
                         submission->round->name);
    return 0;
}

// Who holds a seat by an earlier round of the row keeps it if nothing better comes, asked for or not: its
// offer goes behind the list. Nobody has two seats by one row.
static int
keep_held(struct change *change, struct submission *submission)
{
    uint64_t named = submission->given->keep_placement;
    Kansen__V1__Placement *placement = NULL;
    int rc = round_row_held(change->txn, submission->plan, change->command->secrets->ref, change->arena,
                            &placement);

    if (rc < 0)
        return rc;
    submission->kept = rc == 0 ? placement->id : 0;
    if (named != 0 && named != submission->kept)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "keep_placement",
                         "placement %llu is no seat that this student holds by an earlier round of the row",
                         (unsigned long long)named);
    if (rc != 0)
        return 0;
    rc = check_holding(change, submission, placement);
    if (rc == 0)
        submission->offers[submission->n_offers++] = placement->offer_id;
    return rc;
}

static int
check_list(struct change *change, struct submission *submission)
{
    const Kansen__V1__SubmitRoundList *given = submission->given;
    size_t before = given->behind, n = given->n_offers;
    int rc = round_parts_check(change, given, submission->parts);

    if (rc != 0)
        return rc;
    submission->offers = arena_array(submission->lists, before + n + 1, sizeof submission->offers[0]);
    if (submission->offers == NULL)
        return STORE_FAULT_MEMORY;
    if (before > 0)
        memcpy(submission->offers, submission->parts->offers, before * sizeof submission->offers[0]);
    if (n > 0)
        memcpy(submission->offers + before, given->offers, n * sizeof submission->offers[0]);
    submission->n_offers = before + n;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = check_offer(change, submission, i);
    if (rc == 0 && !given->more)
        rc = keep_held(change, submission);
    return rc == 0 ? round_parts_check_twice(change, submission->lists, submission->offers, before,
                                             submission->n_offers)
                   : rc;
}

// ---- Facts

struct places {
    struct change *change;
    uint64_t round;
    int rc;
};

static bool
is_place(void *arg, const char *code)
{
    struct places *places = arg;
    Kansen__V1__RoundPlace *place;
    int rc = round_place_get(places->change->txn, places->round, code, places->change->arena, &place);

    if (rc < 0)
        places->rc = rc;
    return rc == 0;
}

static int
check_facts(struct change *change, const struct submission *submission)
{
    struct round_facts facts = {submission->given->facts, submission->given->n_facts};
    struct places places = {change, submission->round->id, 0};
    struct round_rule *rule = NULL;
    int rc = round_rule_parse(submission->plan->rule, change->arena, &rule, change->fault);

    if (rc == 0)
        rc = round_class_check(rule, &facts, is_place, &places, change->fault);
    return places.rc != 0 ? places.rc : rc;
}

// ---- Putting

// Which seed the student draws with: that of the first round in which it had its reference.
static int
find_seed(struct change *change, const struct submission *submission, uint32_t *seed)
{
    *seed = 0;
    if (submission->old != NULL) {
        *seed = submission->old->seed;
        return 0;
    }
    for (size_t i = 0; i < submission->plan->n_earlier; i++) {
        Kansen__V1__RoundStudent *before;
        Kansen__V1__Round *round = NULL;
        int rc = round_find(change->txn, submission->plan->earlier[i]->name, change->arena, &round);

        if (rc == 0)
            rc = round_student_get(change->txn, round->id, change->command->secrets->ref, submission->lists,
                                   &before);
        if (rc == 0)
            *seed = (uint32_t)i + 1;
        if (rc != STORE_E_NOT_FOUND)
            return rc;
    }
    return 0;
}

// The counts of the round with a list instead of another, and of the parts that it came in (each may be
// NULL), without a new version of it: lists come by hundreds of thousands.
static int
put_counts(struct change *change, const Kansen__V1__Round *old, const Kansen__V1__RoundStudent *is,
           const Kansen__V1__RoundStudent *was, const Kansen__V1__RoundStudent *parts)
{
    Kansen__V1__Round round = *old;

    round.unfinished -= parts != NULL ? 1 : 0;
    if (was != NULL) {
        round.students--;
        round.referred -= was->referred ? 1 : 0;
        round.entries -= was->n_offers;
    }
    if (is != NULL) {
        round.students++;
        round.referred += is->referred ? 1 : 0;
        round.entries += is->n_offers;
    }
    return round_put(change->txn, &round, old);
}

static int
note(struct change *change, const Kansen__V1__Round *round, Kansen__V1__Outcome outcome,
     const Kansen__V1__RoundStudent *student)
{
    Kansen__V1__Change what = KANSEN__V1__CHANGE__INIT;

    change->outcome = outcome;
    change->id = round->id;
    change->version = outcome == OUTCOME(REMOVED) ? 0 : student->version;
    change->student_id = student->student_id.data;
    change->round_bytes = change->command->secrets->ref;
    what.kind = KANSEN__V1__RECORD_KIND__RECORD_KIND_ROUND_LIST;
    what.outcome = outcome;
    what.id = round->id;
    what.version = change->version;
    what.client = student->client;
    what.round_state = round->state;
    return change_note(change, &what);
}

static bool
is_same(const Kansen__V1__RoundStudent *a, const Kansen__V1__RoundStudent *b)
{
    if (a->referred != b->referred || a->n_offers != b->n_offers || a->n_facts != b->n_facts ||
        a->pinned_placement != b->pinned_placement)
        return false;
    if (a->n_offers > 0 && memcmp(a->offers, b->offers, a->n_offers * sizeof a->offers[0]) != 0)
        return false;
    for (size_t i = 0; i < a->n_facts; i++) {
        if (strcmp(a->facts[i], b->facts[i]) != 0)
            return false;
    }
    return true;
}

static int
put_list(struct change *change, struct submission *submission)
{
    const struct command *command = change->command;
    const Kansen__V1__RoundStudent *old = submission->old;
    Kansen__V1__RoundStudent *student = arena_alloc(submission->lists, sizeof *student);
    int rc;

    if (student == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__round_student__init(student);
    student->round_id = submission->round->id;
    student->ref = (ProtobufCBinaryData){ROUND_REF_BYTES, (uint8_t *)command->secrets->ref};
    student->student_id = (ProtobufCBinaryData){STUDENT_ID_BYTES, submission->student};
    student->client = round_parts_owner(change, old, submission->parts);
    if (student->client == NULL)
        return STORE_FAULT_MEMORY;
    student->version = old != NULL ? old->version + 1 : 1;
    student->referred = submission->given->referred;
    student->n_offers = submission->n_offers;
    student->offers = submission->offers;
    student->n_facts = submission->given->n_facts;
    student->facts = submission->given->facts;
    student->pinned_placement = submission->kept;
    student->created_us = old != NULL ? old->created_us : command->time_us;
    student->updated_us = command->time_us;
    if (old != NULL && submission->parts == NULL && is_same(student, old)) {
        change->outcome = OUTCOME(UNCHANGED);
        change->id = submission->round->id;
        change->version = old->version;
        return 0;
    }
    rc = find_seed(change, submission, &student->seed);
    if (rc == 0 && submission->new_student)
        rc = student_put(change->txn, command->secrets->student_hash, submission->student, command->time_us);
    if (rc == 0)
        rc = round_student_put(change->txn, student, old);
    if (rc == 0 && submission->parts != NULL)
        rc = round_unfinished_delete(change->txn, submission->parts);
    if (rc == 0)
        rc = put_counts(change, submission->round, student, old, submission->parts);
    return rc == 0
               ? note(change, submission->round, old != NULL ? OUTCOME(UPDATED) : OUTCOME(CREATED), student)
               : rc;
}

// Keeps a part that is not the last one apart from the lists.
static int
put_part(struct change *change, const struct submission *submission)
{
    Kansen__V1__RoundStudent part = KANSEN__V1__ROUND_STUDENT__INIT;

    part.round_id = submission->round->id;
    part.ref = (ProtobufCBinaryData){ROUND_REF_BYTES, (uint8_t *)change->command->secrets->ref};
    part.client = round_parts_owner(change, submission->old, submission->parts);
    if (part.client == NULL)
        return STORE_FAULT_MEMORY;
    part.n_offers = submission->n_offers;
    part.offers = submission->offers;
    return round_parts_put(change, submission->round, &part, submission->parts);
}

static int
check_takes_lists(struct change *change, const Kansen__V1__Round *round, const char *what)
{
    if (round->state == STATE(OPEN) || (round->state == STATE(REVISING) && is_operator(change)))
        return 0;
    return change_round_refuse(change, round, what);
}

static int
submit(struct change *change, struct submission *submission)
{
    int rc = find_old(change, submission->round->id, submission->lists, &submission->old, &submission->parts);

    if (rc == 0)
        rc = check_old(change, submission);
    if (rc == 0)
        rc = find_student(change, submission);
    if (rc == 0)
        rc = round_plan_get(change->txn, submission->round->id, change->arena, &submission->plan);
    if (rc == 0)
        rc = check_list(change, submission);
    if (rc == 0)
        rc = check_facts(change, submission);
    if (rc == 0)
        rc = submission->given->more ? put_part(change, submission) : put_list(change, submission);
    return rc;
}

int
change_submit_round_list(struct change *change)
{
    struct submission submission = {.given = change->command->write->submit_round_list};
    int rc = change_round_get(change, submission.given->round, &submission.round);

    if (rc == 0)
        rc = check_takes_lists(change, submission.round, "take a list");
    if (rc == 0)
        rc = change_round_student(change, submission.given->student, submission.given->issuer);
    if (rc == 0 && (submission.lists = arena_new(SIZE_MAX / 2)) == NULL)
        rc = STORE_FAULT_MEMORY;
    if (rc == 0)
        rc = submit(change, &submission);
    arena_free(submission.lists);
    return rc > FAULT ? STORE_FAULT_CORRUPT : rc;
}

static bool
is_own(const struct change *change, const Kansen__V1__RoundStudent *list)
{
    return list != NULL && (is_operator(change) || strcmp(list->client, change->command->client) == 0);
}

// What the command says of a list outlives what was read of it.
static int
keep(struct change *change, Kansen__V1__RoundStudent *list)
{
    list->client = arena_strdup(change->arena, list->client);
    return list->client == NULL
               ? STORE_FAULT_MEMORY
               : change_round_bytes(change, list->student_id.data, list->student_id.len, &list->student_id);
}

static int
withdraw(struct change *change, const Kansen__V1__Round *round, struct arena *lists)
{
    Kansen__V1__RoundStudent *old = NULL, *parts = NULL;
    int rc = find_old(change, round->id, lists, &old, &parts);

    if (rc != 0)
        return rc;
    old = is_own(change, old) ? old : NULL;
    parts = is_own(change, parts) ? parts : NULL;
    if (old == NULL && parts == NULL)
        return fault_set(change->fault, CODE_NOT_FOUND, "student", "this student has no list in the round");
    if (parts != NULL)
        rc = round_unfinished_delete(change->txn, parts);
    if (rc == 0 && old != NULL)
        rc = round_student_delete(change->txn, old);
    if (rc == 0)
        rc = put_counts(change, round, NULL, old, parts);
    if (rc != 0 || old == NULL)
        return rc != 0 ? rc : round_parts_note(change, OUTCOME(REMOVED), parts);
    rc = keep(change, old);
    return rc == 0 ? note(change, round, OUTCOME(REMOVED), old) : rc;
}

int
change_withdraw_round_list(struct change *change)
{
    const Kansen__V1__WithdrawRoundList *given = change->command->write->withdraw_round_list;
    struct arena *lists = arena_new(SIZE_MAX / 2);
    Kansen__V1__Round *round = NULL;
    int rc = lists == NULL ? STORE_FAULT_MEMORY : change_round_get(change, given->round, &round);

    if (rc == 0)
        rc = check_takes_lists(change, round, "give a list back");
    if (rc == 0)
        rc = change_round_student(change, given->student, given->issuer);
    if (rc == 0)
        rc = withdraw(change, round, lists);
    arena_free(lists);
    return rc;
}
