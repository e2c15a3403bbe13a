// SPDX-License-Identifier: Apache-2.0
// Why one offer matches a query, or why not: the same checks and the same parts as the scan's.
#include "match/answer.h"
#include "match/eligible.h"
#include "match/match.h"
#include "match/query.h"
#include "match/reason_text.h"
#include "store/catalog.h"
#include "store/store.h"

static int
read_offer(struct txn *txn, uint64_t offer_id, struct arena *arena, struct answer_offer *out,
           struct fault *fault)
{
    int r = answer_read(txn, offer_id, arena, out);

    if (r == STORE_E_NOT_FOUND)
        return fault_set(fault, CODE_NOT_FOUND, "offer_id", "there is no offer %llu",
                         (unsigned long long)offer_id);
    return r;
}

static int
explain_reason(const struct reason_text_about *about, const struct eligible *eligible,
               struct candidate *candidate, struct arena *arena, Kansen__V1__ExplainResponse *response)
{
    int r = eligible_check(eligible, candidate, &response->reason);

    response->eligible = r == 0 && response->reason == KANSEN__V1__REASON__REASON_UNSPECIFIED;
    if (r != 0 || response->eligible)
        return r;
    return reason_text(about, response->reason, arena, &response->wanted, &response->offered);
}

int
explain_run(struct txn *txn, const Kansen__V1__ExplainRequest *request, int32_t today, struct arena *arena,
            Kansen__V1__ExplainResponse **out, struct fault *fault)
{
    const struct catalog *catalog;
    Kansen__V1__ExplainResponse *response;
    struct answer_offer offer;
    struct eligible eligible;
    struct query query;
    int r = txn_catalog(txn, &catalog);

    if (r == 0)
        r = query_resolve(txn, catalog, request->query, today, arena, &query, fault);
    if (r == 0)
        r = read_offer(txn, request->offer_id, arena, &offer, fault);
    if (r == 0)
        r = eligible_init(&eligible, txn, &query, arena);
    if (r != 0)
        return r;
    response = arena_alloc(arena, sizeof *response);
    if (response == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__explain_response__init(response);
    response->as_of_sequence = txn_sequence(txn);
    r = explain_reason(&(struct reason_text_about){catalog, &query, request->query, &offer}, &eligible,
                       &offer.candidate, arena, response);
    if (r == 0)
        r = answer_match(&query, &offer, arena, &response->match);
    if (r == 0)
        *out = response;
    return r;
}
