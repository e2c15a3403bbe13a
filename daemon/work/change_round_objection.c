// SPDX-License-Identifier: Apache-2.0
// Humans in the loop: an objection, the decision of a reviewer, and, where a published result is corrected, a
// second operator who agrees. The result itself stays as it was computed; a correction is told beside it.
#include "proto/names.h"
#include "store/placement.h"
#include "store/round.h"
#include "store/round_row.h"
#include "store/write.h"
#include "work/change_round.h"
#include "work/lifecycle.h"
#include "work/round_publish.h"
#include "work/valid.h"
#include <string.h>

#define STATE(name)     KANSEN__V1__ROUND_STATE__ROUND_STATE_##name
#define OBJECTION(name) KANSEN__V1__ROUND_OBJECTION_STATE__ROUND_OBJECTION_STATE_##name

#define REASON_MAX 500u // characters

// ---- Shared

static int
note(struct change *change, const Kansen__V1__Round *round, const Kansen__V1__RoundObjection *objection)
{
    Kansen__V1__Change what = KANSEN__V1__CHANGE__INIT;

    change->outcome =
        objection->version == 1 ? KANSEN__V1__OUTCOME__OUTCOME_CREATED : KANSEN__V1__OUTCOME__OUTCOME_UPDATED;
    change->id = objection->id;
    change->version = objection->version;
    what.kind = KANSEN__V1__RECORD_KIND__RECORD_KIND_ROUND_OBJECTION;
    what.outcome = change->outcome;
    what.id = objection->id;
    what.version = objection->version;
    what.client = objection->client;
    what.round_state = round->state;
    return change_note(change, &what);
}

static bool
is_open(Kansen__V1__RoundObjectionState state)
{
    return state == OBJECTION(OPEN) || state == OBJECTION(PROPOSED);
}

// Whether a correction waits for the next revision: one that is under way takes it in.
static bool
is_due(const Kansen__V1__Round *round, Kansen__V1__RoundObjectionState next)
{
    return next == OBJECTION(CORRECTED) && round->state != STATE(PUBLISHED) &&
           round->state != STATE(REVISING);
}

// Puts an objection in its next state, and the counts of the round with it.
static int
put(struct change *change, const Kansen__V1__Round *round, Kansen__V1__RoundObjection *objection,
    Kansen__V1__RoundObjectionState next, bool corrects)
{
    Kansen__V1__Round counted = *round;
    bool was = objection->version > 0 && is_open(objection->state), is = is_open(next);
    int rc;

    objection->state = next;
    objection->version++;
    objection->updated_us = change->command->time_us;
    counted.open_objections += (uint64_t)is - (uint64_t)was;
    counted.corrections += corrects ? 1 : 0;
    counted.corrections_due += is_due(round, next) ? 1 : 0;
    rc = round_objection_put(change->txn, objection);
    if (rc == 0)
        rc = round_put(change->txn, &counted, round);
    return rc == 0 ? note(change, round, objection) : rc;
}

static int
get(struct change *change, const char *name, uint64_t id, Kansen__V1__Round **round,
    Kansen__V1__RoundObjection **objection)
{
    int rc = change_round_get(change, name, round);

    if (rc == 0)
        rc = round_objection_get(change->txn, (*round)->id, id, change->arena, objection);
    if (rc == STORE_E_NOT_FOUND)
        return fault_set(change->fault, CODE_NOT_FOUND, "id", "there is no objection %llu to round %s",
                         (unsigned long long)id, name);
    return rc;
}

static int
get_student(struct change *change, const Kansen__V1__RoundObjection *objection,
            Kansen__V1__RoundStudent **student)
{
    int rc = round_student_get(change->txn, objection->round_id, objection->ref.data, change->arena, student);

    if (rc == STORE_E_NOT_FOUND)
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "id",
                         "the list of this student was withdrawn since");
    return rc;
}

// ---- Object

static int
check_objection(struct change *change, const Kansen__V1__ObjectToRound *given, const Kansen__V1__Round *round)
{
    int rc = valid_enum(change->fault, "", "kind", (int)given->kind, &names_objection_kind, false);

    if (rc == 0 && round->state != STATE(COMPUTED) && round->state != STATE(PUBLISHED))
        rc = change_round_refuse(change, round, "hear objections");
    return rc == 0 ? change_round_student(change, given->student, given->issuer) : rc;
}

// A student's objections are heard one after the other.
static int
check_none_open(struct change *change, const Kansen__V1__Round *round, const uint8_t *ref)
{
    Kansen__V1__RoundObjection *objection = NULL;
    uint64_t id = 0;
    int rc;

    while ((rc = round_objection_next(change->txn, round->id, id, change->arena, &objection)) == 0) {
        id = objection->id;
        if (is_open(objection->state) && memcmp(objection->ref.data, ref, ROUND_REF_BYTES) == 0)
            return fault_set(change->fault, CODE_ALREADY_EXISTS, "student",
                             "objection %llu of this student has no answer yet", (unsigned long long)id);
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
change_object_to_round(struct change *change)
{
    const Kansen__V1__ObjectToRound *given = change->command->write->object_to_round;
    Kansen__V1__RoundObjection objection = KANSEN__V1__ROUND_OBJECTION__INIT;
    const struct command *command = change->command;
    Kansen__V1__RoundStudent *student = NULL;
    Kansen__V1__RoundResult *result = NULL;
    Kansen__V1__Round *round = NULL;
    int rc = change_round_get(change, given->round, &round);

    if (rc == 0)
        rc = check_objection(change, given, round);
    if (rc == 0)
        rc = round_student_get(change->txn, round->id, command->secrets->ref, change->arena, &student);
    if (rc == STORE_E_NOT_FOUND ||
        (rc == 0 && (command->movers & MOVER_OPERATOR) == 0 && strcmp(student->client, command->client) != 0))
        return fault_set(change->fault, CODE_NOT_FOUND, "student", "this student has no list in the round");
    if (rc == 0)
        rc = check_none_open(change, round, command->secrets->ref);
    if (rc == 0)
        rc = round_result_get(change->txn, round->id, command->secrets->ref, change->arena, &result);
    if (rc == 0)
        rc = store_next_id(change->txn, STORE_ID_OBJECTION, &objection.id);
    if (rc != 0)
        return rc > FAULT ? STORE_FAULT_CORRUPT : rc;
    objection.round_id = round->id;
    objection.ref = student->ref;
    objection.client = (char *)command->client;
    objection.kind = given->kind;
    objection.from_offer = result->corrected ? result->corrected_offer_id : result->offer_id;
    objection.created_us = command->time_us;
    change->student_id = student->student_id.data;
    change->round_bytes = command->secrets->ref;
    return put(change, round, &objection, OBJECTION(OPEN), false);
}

// ---- Review

// What a student keeps in a later round was decided when its list came: it is not changed behind that.
static int
check_not_listed(struct change *change, const Kansen__V1__Round *round,
                 const Kansen__V1__RoundStudent *student)
{
    Kansen__V1__RoundStudent *list = NULL;
    Kansen__V1__Round *later = NULL;
    int rc = round_row_unfinished(change->txn, round, change->arena, &later);

    if (rc == 0)
        rc = round_student_get(change->txn, later->id, student->ref.data, change->arena, &list);
    if (rc == 0)
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "id",
                         "this student has a list in round %s, which follows; withdraw it first, or wait for "
                         "that round's end",
                         later->name);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// Whether a correction that was published can be made: the student gets a seat that is free.
static int
check_correction(struct change *change, const Kansen__V1__Round *round,
                 const Kansen__V1__RoundObjection *objection, uint64_t offer)
{
    Kansen__V1__RoundStudent *student = NULL;
    const char *why = NULL;
    int rc = get_student(change, objection, &student);

    if (rc == 0 && offer != 0)
        rc = round_publish_may(change, round, student, offer, &why);
    if (rc == 0 && why != NULL)
        rc = fault_set(change->fault, CODE_FAILED_PRECONDITION, "to_offer", "offer %llu %s",
                       (unsigned long long)offer, why);
    return rc == 0 ? check_not_listed(change, round, student) : rc;
}

int
change_review_objection(struct change *change)
{
    const Kansen__V1__ReviewObjection *given = change->command->write->review_objection;
    Kansen__V1__RoundObjection *objection = NULL;
    Kansen__V1__Round *round = NULL;
    bool published;
    int rc = valid_text(change->fault, "", "reason", given->reason,
                        (struct valid_text){.least = 1, .most = REASON_MAX});

    if (rc == 0)
        rc = get(change, given->round, given->id, &round, &objection);
    if (rc != 0)
        return rc;
    published = round->state == STATE(PUBLISHED);
    if (given->correct && round_has_ended(round->state) && !published)
        return change_round_refuse(change, round, "be corrected");
    if (given->correct && round->state == STATE(PUBLISHING))
        return change_round_refuse(change, round, "be corrected until it is published");
    if (objection->state != OBJECTION(OPEN))
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "id",
                         "the objection is %s; only an open one is reviewed",
                         names_text(&names_objection_state, (int)objection->state));
    if (given->to_offer != 0 && (!given->correct || !published))
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "to_offer",
                         "an offer goes with the correction of a published result only");
    if (given->correct && published)
        rc = check_correction(change, round, objection, given->to_offer);
    if (rc != 0)
        return rc;
    objection->reviewer = (char *)change->command->actor;
    objection->reason = given->reason;
    objection->to_offer = given->to_offer;
    return put(change, round, objection,
               !given->correct ? OBJECTION(CONFIRMED)
               : published     ? OBJECTION(PROPOSED)
                               : OBJECTION(CORRECTED),
               false);
}

// ---- Agree

int
change_agree_to_correction(struct change *change)
{
    const Kansen__V1__AgreeToCorrection *given = change->command->write->agree_to_correction;
    Kansen__V1__RoundObjection *objection = NULL;
    Kansen__V1__RoundStudent *student = NULL;
    Kansen__V1__Round *round = NULL;
    int rc = get(change, given->round, given->id, &round, &objection);

    if (rc == 0 && objection->state != OBJECTION(PROPOSED))
        rc = fault_set(change->fault, CODE_FAILED_PRECONDITION, "id",
                       "the objection is %s; there is no correction to agree to",
                       names_text(&names_objection_state, (int)objection->state));
    if (rc == 0 && change_round_same_operator(objection->reviewer, change->command->actor))
        rc = fault_set(change->fault, CODE_FAILED_PRECONDITION, "id",
                       "who proposed the correction can not be the one who agrees to it");
    if (rc != 0)
        return rc;
    if (given->refuse) {
        objection->second_reviewer = (char *)change->command->actor;
        objection->to_offer = 0;
        objection->reason = (char *)"";
        return put(change, round, objection, OBJECTION(OPEN), false);
    }
    rc = check_correction(change, round, objection, objection->to_offer);
    if (rc == 0)
        rc = get_student(change, objection, &student);
    if (rc == 0)
        rc = round_publish_correct(change, round, student, objection->to_offer, &objection->placement_id);
    if (rc != 0)
        return rc;
    objection->second_reviewer = (char *)change->command->actor;
    return put(change, round, objection, OBJECTION(CORRECTED), true);
}
