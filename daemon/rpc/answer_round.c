// SPDX-License-Identifier: Apache-2.0
// Rounds. Everybody may know that there is one, how it stands and by what it will be decided; a list and what
// came of it are for who submitted it and for operators; the lines of the sealed record for operators.
#include "rpc/answer_round.h"
#include "rpc/page.h"
#include "rpc/round_told.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "store/records.h"
#include "store/round.h"
#include "store/store.h"
#include <string.h>

// ---- A round

bool
answer_round_is_operator(const struct call *call)
{
    return call->session->identity.role == ROLE_OPERATOR;
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
    round_told_cut(answer->round, answer_round_is_operator(call));
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
        round_told_cut(round, answer_round_is_operator(call));
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
