// SPDX-License-Identifier: Apache-2.0
// Rounds. Everybody may know that there is one, how it stands and by what it will be decided; a list and what
// came of it are for who submitted it and for operators; the lines of the sealed record for operators.
#include "rpc/answer_round.h"
#include "rpc/page.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "store/records.h"
#include "store/round.h"
#include "store/store.h"
#include "work/round_work.h"
#include <string.h>

// ---- A round

bool
answer_round_is_operator(const struct call *call)
{
    return call->session->identity.role == ROLE_OPERATOR;
}

// Whether a count would tell of fewer students than may be told of.
static bool
is_small(uint64_t count)
{
    return count > 0 && count < EXPLAIN_K;
}

// Whether all cells of a histogram, and those without a seat, may be told.
static bool
may_tell(uint64_t students, uint64_t assigned, const uint64_t *ranks, size_t n)
{
    bool small = is_small(students) || is_small(students - assigned);

    for (size_t i = 0; i < n && !small; i++)
        small = is_small(ranks[i]);
    return !small;
}

// The same for the referred and for the others, of whom either follows from the other.
static bool
may_tell_referral(const Kansen__V1__Round *round)
{
    uint64_t others = round->students - round->referred, placed = round->assigned - round->assigned_referred;

    if (!may_tell(round->referred, round->assigned_referred, round->ranks_referred,
                  round->n_ranks_referred) ||
        is_small(others) || is_small(others - placed))
        return false;
    for (size_t i = 0; i < round->n_ranks; i++) {
        if (is_small(round->ranks[i] - (i < round->n_ranks_referred ? round->ranks_referred[i] : 0)))
            return false;
    }
    return true;
}

// What nobody but an operator sees: the key of the receipts, how far a step is, and counts that tell of few;
// the public record tells more, in bins.
static void
cut(const struct call *call, Kansen__V1__Round *round)
{
    bool all, referral;

    if (answer_round_is_operator(call))
        return;
    all = may_tell(round->students, round->assigned, round->ranks, round->n_ranks);
    referral = all && may_tell_referral(round);
    round->receipt_key = round->at_student = (ProtobufCBinaryData){0};
    round->cancel_by = (char *)"";
    round->unfinished = 0;
    if (round->record_form < ROUND_WORK_FORM) // without a key it tells what is cut here
        round->cutoff_digest = (ProtobufCBinaryData){0};
    if (!all) {
        round->n_ranks = 0;
        round->assigned = 0;
        round->students = is_small(round->students) ? 0 : round->students;
    }
    if (!referral) {
        round->n_ranks_referred = 0;
        round->referred = round->assigned_referred = 0;
    }
}

int
answer_round_find(struct call *call, const char *field, const char *name, Kansen__V1__Round **round)
{
    int rc = round_find(call->txn, name, call->arena, round);

    if (rc != STORE_E_NOT_FOUND)
        return rc;
    return fault_set(&call->fault, CODE_NOT_FOUND, field, "there is no round '%.64s'", name);
}

int
answer_round_get(struct call *call)
{
    Kansen__V1__GetRoundResponse *answer = arena_alloc(call->arena, sizeof *answer);
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__get_round_response__init(answer);
    rc = answer_round_find(call, "name", call->request->get_round->name, &answer->round);
    if (rc == 0)
        rc = round_plan_get(call->txn, answer->round->id, call->arena, &answer->plan);
    if (rc != 0)
        return rc > FAULT ? STORE_FAULT_CORRUPT : rc;
    cut(call, answer->round);
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_GET_ROUND;
    call->response.get_round = answer;
    return 0;
}

int
answer_round_list(struct call *call)
{
    const Kansen__V1__ListRoundsRequest *list = call->request->list_rounds;
    Kansen__V1__ListRoundsResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__Round *round;
    struct page page;
    uint64_t after = 0;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_rounds_response__init(answer);
    rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_id(call, PAGE_ROUNDS, &list->cursor, &after);
    while (rc == 0 && (rc = effort_spend(call->effort, EFFORT_RECORD)) == 0 &&
           (rc = round_next(call->txn, after, call->arena, &round)) == 0) {
        cut(call, round);
        if (!page_add(&page, &round->base)) {
            rc = page_write_id(call, PAGE_ROUNDS, after, &answer->next_cursor);
            break;
        }
        after = round->id;
    }
    if (rc != 0 && rc != STORE_E_NOT_FOUND)
        return rc;
    answer->n_rounds = page.n;
    answer->rounds = (Kansen__V1__Round **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_ROUNDS;
    call->response.list_rounds = answer;
    return 0;
}

int
answer_round_open(struct call *call, const Kansen__V1__Round *round, struct round_lines *lines)
{
    int rc = round_lines_open(call->txn, round, call->arena, lines);

    return rc == 0 ? effort_spend(call->effort, EFFORT_RECORD * lines->places.n) : rc;
}

// ---- Objections

int
answer_round_objections(struct call *call)
{
    const Kansen__V1__ListRoundObjectionsRequest *list = call->request->list_round_objections;
    Kansen__V1__ListRoundObjectionsResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__RoundObjection *objection;
    Kansen__V1__Round *round = NULL;
    struct page page;
    uint64_t after = 0;
    int rc = answer == NULL ? STORE_FAULT_MEMORY : answer_round_find(call, "round", list->round, &round);

    if (rc == 0)
        rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_id(call, PAGE_ROUND_OBJECTIONS, &list->cursor, &after);
    if (rc != 0)
        return rc;
    kansen__v1__list_round_objections_response__init(answer);
    while (rc == 0 && (rc = effort_spend(call->effort, EFFORT_RECORD)) == 0 &&
           (rc = round_objection_next(call->txn, round->id, after, call->arena, &objection)) == 0) {
        bool own =
            answer_round_is_operator(call) || strcmp(objection->client, call->session->identity.client) == 0;

        if (own && !page_add(&page, &objection->base)) {
            rc = page_write_id(call, PAGE_ROUND_OBJECTIONS, after, &answer->next_cursor);
            break;
        }
        after = objection->id;
    }
    if (rc != 0 && rc != STORE_E_NOT_FOUND)
        return rc;
    answer->n_objections = page.n;
    answer->objections = (Kansen__V1__RoundObjection **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_ROUND_OBJECTIONS;
    call->response.list_round_objections = answer;
    return 0;
}
