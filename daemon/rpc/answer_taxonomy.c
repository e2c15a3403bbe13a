// SPDX-License-Identifier: Apache-2.0
// Interests, regions and postcodes: pages in the order of their codes, and what a person typed.
#include "rpc/answer_taxonomy.h"
#include "match/match.h"
#include "rpc/page.h"
#include "store/records.h"
#include "store/store.h"
#include <stdio.h>

int
answer_taxonomy_list_interests(struct call *call)
{
    const Kansen__V1__ListInterestsRequest *list = call->request->list_interests;
    Kansen__V1__ListInterestsResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__Interest *interest;
    const char *after;
    struct page page;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_interests_response__init(answer);
    rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_code(call, PAGE_INTERESTS, &list->cursor, &after);
    while (rc == 0 && (rc = interest_next(call->txn, after, call->arena, &interest)) == 0) {
        if (!page_add(&page, &interest->base)) {
            rc = page_write_code(call, PAGE_INTERESTS, after, &answer->next_cursor);
            break;
        }
        after = interest->code;
    }
    if (rc != 0 && rc != STORE_E_NOT_FOUND)
        return rc;
    answer->n_interests = page.n;
    answer->interests = (Kansen__V1__Interest **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_INTERESTS;
    call->response.list_interests = answer;
    return 0;
}

// The next region behind `after` of the type that is asked for; 0 = of any.
static int
next_region(struct call *call, const char *after, Kansen__V1__Region **out)
{
    Kansen__V1__RegionType type = call->request->list_regions->type;
    const char *code = after;
    int rc;

    if (type == 0)
        return region_next(call->txn, after, call->arena, out);
    do {
        char kept[256]; // a code is shorter than a key of the store

        snprintf(kept, sizeof kept, "%s", code);
        arena_reset(call->scratch);
        rc = effort_spend(call->effort, EFFORT_RECORD);
        if (rc == 0)
            rc = region_next(call->txn, kept, call->scratch, out);
        if (rc != 0)
            return rc;
        code = (*out)->code;
    } while ((*out)->type != type);
    return region_get(call->txn, code, call->arena, out);
}

int
answer_taxonomy_list_regions(struct call *call)
{
    const Kansen__V1__ListRegionsRequest *list = call->request->list_regions;
    Kansen__V1__ListRegionsResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__Region *region;
    const char *after;
    struct page page;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_regions_response__init(answer);
    rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_code(call, PAGE_REGIONS, &list->cursor, &after);
    if (rc == 0)
        rc = page_check_enum(call, "type", &names_region_type, (int)list->type);
    while (rc == 0 && (rc = next_region(call, after, &region)) == 0) {
        if (!page_add(&page, &region->base)) {
            rc = page_write_code(call, PAGE_REGIONS, after, &answer->next_cursor);
            break;
        }
        after = region->code;
    }
    if (rc != 0 && rc != STORE_E_NOT_FOUND)
        return rc;
    answer->n_regions = page.n;
    answer->regions = (Kansen__V1__Region **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_REGIONS;
    call->response.list_regions = answer;
    return 0;
}

int
answer_taxonomy_list_postcodes(struct call *call)
{
    const Kansen__V1__ListPostcodesRequest *list = call->request->list_postcodes;
    Kansen__V1__ListPostcodesResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__Postcode *postcode;
    struct page page;
    uint64_t after;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_postcodes_response__init(answer);
    rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_id(call, PAGE_POSTCODES, &list->cursor, &after);
    while (rc == 0 && (rc = postcode_next(call->txn, (uint32_t)after, call->arena, &postcode)) == 0) {
        if (!page_add(&page, &postcode->base)) {
            rc = page_write_id(call, PAGE_POSTCODES, after, &answer->next_cursor);
            break;
        }
        after = postcode->postcode;
    }
    if (rc != 0 && rc != STORE_E_NOT_FOUND)
        return rc;
    answer->n_postcodes = page.n;
    answer->postcodes = (Kansen__V1__Postcode **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_POSTCODES;
    call->response.list_postcodes = answer;
    return 0;
}

int
answer_taxonomy_find_interests(struct call *call)
{
    Kansen__V1__FindInterestsResponse *answer;
    int rc = lookup_interests(call->txn, call->request->find_interests, call->arena, &answer, &call->fault);

    if (rc != 0)
        return rc;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_FIND_INTERESTS;
    call->response.find_interests = answer;
    return 0;
}

int
answer_taxonomy_find_regions(struct call *call)
{
    Kansen__V1__FindRegionsResponse *answer;
    int rc = lookup_regions(call->txn, call->request->find_regions, call->arena, &answer, &call->fault);

    if (rc != 0)
        return rc;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_FIND_REGIONS;
    call->response.find_regions = answer;
    return 0;
}
