// SPDX-License-Identifier: Apache-2.0
// Rounds: making one, and the steps of its life that an operator asks for.
#include "work/change_round.h"
#include "base/date.h"
#include "proto/names.h"
#include "store/round.h"
#include "store/round_row.h"
#include "store/write.h"
#include "work/lifecycle.h"
#include "work/round_plan.h"
#include "work/round_revision.h"
#include "work/valid.h"
#include <string.h>

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name
#define STEP(name)  KANSEN__V1__ROUND_STEP__ROUND_STEP_##name

#define REASON_MAX 500u // characters

// ---- Shared

int
change_round_get(struct change *change, const char *name, Kansen__V1__Round **out)
{
    int rc = round_find(change->txn, name, change->arena, out);

    if (rc != STORE_E_NOT_FOUND)
        return rc;
    return fault_set(change->fault, CODE_NOT_FOUND, "round", "there is no round '%.64s'", name);
}

int
change_round_refuse(struct change *change, const Kansen__V1__Round *round, const char *what)
{
    char allowed[160];

    return fault_set(change->fault, CODE_FAILED_PRECONDITION, "round",
                     "round %s is %s and can not %s; its state allows: %s", round->name,
                     names_text(&names_round_state, (int)round->state), what,
                     round_life_allowed(round->state, allowed, sizeof allowed));
}

int
change_round_begin(struct change *change, const Kansen__V1__Round *old, Kansen__V1__Round **out)
{
    Kansen__V1__Round *round = arena_alloc(change->arena, sizeof *round);

    if (round == NULL)
        return STORE_FAULT_MEMORY;
    *round = *old;
    round->version++;
    round->updated_us = change->command->time_us;
    *out = round;
    return 0;
}

int
change_round_move(struct change *change, const Kansen__V1__Round *old, enum round_event event,
                  Kansen__V1__Round **out)
{
    Kansen__V1__RoundState next;
    int rc;

    if (!round_life_move(old->state, event, &next))
        return change_round_refuse(change, old, round_life_name(event));
    rc = change_round_begin(change, old, out);
    if (rc != 0)
        return rc;
    (*out)->state = next;
    (*out)->cancel_by = (*out)->cancel_reason = (char *)"";
    (*out)->phase = 0;
    (*out)->at_offer = 0;
    (*out)->at_student = (ProtobufCBinaryData){0};
    return 0;
}

int
change_round_done(struct change *change, const Kansen__V1__Round *round, const Kansen__V1__Round *old)
{
    Kansen__V1__Change what = KANSEN__V1__CHANGE__INIT;
    int rc = round_put(change->txn, round, old);

    change->outcome =
        old == NULL ? KANSEN__V1__OUTCOME__OUTCOME_CREATED : KANSEN__V1__OUTCOME__OUTCOME_UPDATED;
    change->id = round->id;
    change->version = round->version;
    if (rc != 0)
        return rc;
    what.kind = KANSEN__V1__RECORD_KIND__RECORD_KIND_ROUND;
    what.outcome = change->outcome;
    what.id = round->id;
    what.version = round->version;
    what.round_state = round->state;
    return change_note(change, &what);
}

bool
change_round_same_operator(const char *a, const char *b)
{
    size_t x = strcspn(a, "/"), y = strcspn(b, "/");

    return x == y && memcmp(a, b, x) == 0;
}

int
change_round_bytes(struct change *change, const void *bytes, size_t len, ProtobufCBinaryData *out)
{
    uint8_t *copy = arena_take(change->arena, len == 0 ? 1 : len);

    if (copy == NULL)
        return STORE_FAULT_MEMORY;
    if (len > 0)
        memcpy(copy, bytes, len);
    *out = (ProtobufCBinaryData){len, copy};
    return 0;
}

int
change_round_student(struct change *change, const char *student, const char *issuer)
{
    if (change->command->secrets->has_ref)
        return 0;
    if (student[0] == '\0')
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "student",
                         "student is missing; give the issuer's reference");
    if (issuer[0] == '\0' && (change->command->movers & MOVER_OPERATOR) != 0)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "issuer",
                         "issuer is missing; say which school gave the reference");
    return fault_set(change->fault, CODE_ABORTED, "round",
                     "the round came into being while this was on its way; send it again");
}

// ---- Create

int
change_create_round(struct change *change)
{
    const Kansen__V1__CreateRound *given = change->command->write->create_round;
    Kansen__V1__Round *other, round = KANSEN__V1__ROUND__INIT;
    Kansen__V1__RoundPlan plan;
    int rc = valid_round_name(change->fault, "", "name", given->name);

    if (rc == 0 && given->plan == NULL)
        return change_missing(change, "plan");
    if (rc == 0)
        rc = round_plan_make(change, given, &plan);
    if (rc != 0)
        return rc;
    rc = round_find(change->txn, given->name, change->arena, &other);
    if (rc == 0)
        return fault_set(change->fault, CODE_ALREADY_EXISTS, "name",
                         "there is or was a round '%s' already, and a name is drawn for once", given->name);
    if (rc == STORE_E_NOT_FOUND)
        rc = store_next_id(change->txn, STORE_ID_ROUND, &round.id);
    if (rc != 0)
        return rc;
    round.version = 1;
    round.name = given->name;
    round.state = STATE(CREATED);
    round.created_us = round.updated_us = change->command->time_us;
    change->round_bytes = change->command->secrets->salt;
    rc = round_plan_put(change->txn, round.id, &plan);
    if (rc == 0)
        rc = round_plan_put_places(change, round.id, &plan);
    return rc == 0 ? change_round_done(change, &round, NULL) : rc;
}

// ---- Steps

static const enum round_event events[] = {
    [STEP(OPEN)] = ROUND_OPEN,       [STEP(FREEZE)] = ROUND_FREEZE, [STEP(COMPUTE)] = ROUND_COMPUTE,
    [STEP(PUBLISH)] = ROUND_PUBLISH, [STEP(CLOSE)] = ROUND_CLOSE,   [STEP(REVISE)] = ROUND_REVISE,
    [STEP(CANCEL)] = ROUND_CANCEL,   [STEP(FORGET)] = ROUND_FORGET,
};

static int
check_reason(struct change *change, const Kansen__V1__MoveRound *given)
{
    const bool wants = given->step == STEP(REVISE) || given->step == STEP(CANCEL);

    return valid_text(change->fault, "", "reason", given->reason,
                      (struct valid_text){.least = wants ? 1 : 0, .most = wants ? REASON_MAX : 0});
}

// The public draw must lie ahead when the input is frozen: who knows the seed must not know the lists before
// they are final.
static int
check_beacon_ahead(struct change *change, const Kansen__V1__Round *old)
{
    Kansen__V1__RoundPlan *plan = NULL;
    int rc = old->state == STATE(OPEN) ? round_plan_get(change->txn, old->id, change->arena, &plan) : 0;

    if (rc != 0 || plan == NULL || round_plan_is_ahead(plan->beacon, change->command->time_us))
        return rc;
    return fault_set(
        change->fault, CODE_FAILED_PRECONDITION, "step",
        "the public draw of %s has been held, so its outcome is known before the lists are final; "
        "cancel the round and make another one",
        plan->beacon->date);
}

// A round that follows asks this one for the lottery and the seats of its students.
static int
check_not_followed(struct change *change, const Kansen__V1__Round *round)
{
    Kansen__V1__Round *later = NULL;
    int rc = round_row_unfinished(change->txn, round, change->arena, &later);

    if (rc == 0)
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "step",
                         "round %s follows it and has not ended; its students have their lottery from here",
                         later->name);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
check_corrected(struct change *change, const Kansen__V1__Round *round)
{
    if (round->corrections_due == 0)
        return 0;
    return fault_set(change->fault, CODE_FAILED_PRECONDITION, "step",
                     "objections are to be corrected: %llu; revise the round and correct the lists first",
                     (unsigned long long)round->corrections_due);
}

// What a step sets beside the state.
static int
prepare(struct change *change, const Kansen__V1__MoveRound *given, const Kansen__V1__Round *old,
        Kansen__V1__Round *round)
{
    switch (given->step) {
    case STEP(OPEN):
        return round->offers > 0 ? 0
                                 : fault_set(change->fault, CODE_FAILED_PRECONDITION, "step",
                                             "no offer takes part yet; take some in first");
    case STEP(FREEZE):
        round->seats = round->reserved = 0;
        return check_beacon_ahead(change, old);
    case STEP(COMPUTE):
        round->assigned = round->assigned_referred = 0;
        round->apart = round->apart_referred = round->apart_others = 0;
        round->n_ranks = round->n_ranks_referred = 0;
        return 0;
    case STEP(PUBLISH):
        return check_corrected(change, round);
    case STEP(FORGET):
        return check_not_followed(change, round);
    case STEP(CLOSE):
        return round->open_objections == 0 ? 0
                                           : fault_set(change->fault, CODE_FAILED_PRECONDITION, "step",
                                                       "%llu objections have no answer yet",
                                                       (unsigned long long)round->open_objections);
    case STEP(REVISE):
        round->revision++;
        round->corrections_due = 0;
        round->input_digest = round->result_digest = round->cutoff_digest = round->explanation_digest =
            round->merkle_root = (ProtobufCBinaryData){0};
        round->reason = given->reason;
        return round_revision_end(change, old, given->reason, round);
    case STEP(CANCEL):
        round->settling = round_is_locking(old->state);
        round->reason = given->reason;
        return 0;
    default:
        return 0;
    }
}

// Whether somebody may know what a frozen round comes to: who has the secrets, from the public draw on.
static int
may_be_known(struct change *change, const Kansen__V1__Round *round, bool *known)
{
    Kansen__V1__RoundPlan *plan = NULL;
    int rc = 0;

    *known = round->seed.len != 0;
    if (*known || !round_is_locking(round->state))
        return 0;
    rc = round_plan_get(change->txn, round->id, change->arena, &plan);
    if (rc == 0)
        *known = round_plan_is_held(plan->beacon, change->command->time_us);
    return rc > 0 ? STORE_FAULT_CORRUPT : rc;
}

// Whoever could give a round up whose draw is known could have it drawn again until it pleases, so another
// operator has to ask for the same. *waits: for that one.
static int
agree_to_cancel(struct change *change, const Kansen__V1__Round *old, bool *waits)
{
    bool known = false;
    int rc = may_be_known(change, old, &known);

    *waits = rc == 0 && known && old->cancel_by[0] == '\0';
    if (rc != 0 || !known || *waits || !change_round_same_operator(old->cancel_by, change->command->actor))
        return rc;
    return fault_set(
        change->fault, CODE_FAILED_PRECONDITION, "step",
        "the public draw may have been held, so another operator than the one who proposed it has "
        "to cancel the round");
}

static int
propose_cancel(struct change *change, const Kansen__V1__MoveRound *given, const Kansen__V1__Round *old)
{
    Kansen__V1__Round *round = NULL;
    int rc = change_round_begin(change, old, &round);

    if (rc != 0)
        return rc;
    round->cancel_by = (char *)change->command->actor;
    round->cancel_reason = given->reason;
    return change_round_done(change, round, old);
}

int
change_move_round(struct change *change)
{
    const Kansen__V1__MoveRound *given = change->command->write->move_round;
    Kansen__V1__Round *old = NULL, *round = NULL;
    bool waits = false;
    int rc = valid_enum(change->fault, "", "step", (int)given->step, &names_round_step, false);

    if (rc == 0)
        rc = check_reason(change, given);
    if (rc == 0)
        rc = change_round_get(change, given->round, &old);
    if (rc == 0)
        rc = change_version(change, "version", given->version, old->version, true);
    if (rc == 0)
        rc = change_round_move(change, old, events[given->step], &round);
    if (rc == 0 && given->step == STEP(CANCEL))
        rc = agree_to_cancel(change, old, &waits);
    if (rc == 0 && waits)
        return propose_cancel(change, given, old);
    if (rc == 0)
        rc = prepare(change, given, old, round);
    return rc == 0 ? change_round_done(change, round, old) : rc;
}
