// SPDX-License-Identifier: Apache-2.0
// Hands queries to match/ with today's date. A page of matches goes straight into the output.
#include "rpc/answer_match.h"
#include "base/clock.h"
#include "match/match.h"
#include "rpc/reply.h"
#include "store/store.h"

static int
check_query(struct call *call, const Kansen__V1__Query *query)
{
    if (query != NULL)
        return 0;
    return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "query", "no query is given");
}

int
answer_match_match(struct call *call)
{
    const Kansen__V1__MatchRequest *request = call->request->match;
    struct match_page *page;
    uint8_t *to;
    int rc = check_query(call, request->query);

    if (rc == 0)
        rc = match_run(call->txn, request, clock_today(), call->arena, call->effort, &page, &call->fault);
    if (rc == 0)
        rc = reply_begin(call, KANSEN__V1__RESPONSE__BODY_MATCH, match_page_size(page), &to);
    if (rc == 0)
        match_page_write(page, to);
    return rc;
}

int
answer_match_explain(struct call *call)
{
    const Kansen__V1__ExplainRequest *request = call->request->explain;
    Kansen__V1__ExplainResponse *answer;
    int rc = check_query(call, request->query);

    if (rc == 0)
        rc = explain_run(call->txn, request, clock_today(), call->arena, &answer, &call->fault);
    if (rc == STORE_E_NOT_FOUND)
        return fault_set(&call->fault, CODE_NOT_FOUND, "offer_id", "there is no such offer");
    if (rc != 0)
        return rc;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_EXPLAIN;
    call->response.explain = answer;
    return 0;
}
