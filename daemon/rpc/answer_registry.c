// SPDX-License-Identifier: Apache-2.0
// Partners and offers, as far as the caller may see them; the others are as if they were not there. A list
// looks at records in the order of their ids and filters before it counts; it looks at LOOKS_MAX records at
// most, as the loop must go on: a page may be short and still have a cursor. What a filter may refuse is read
// into the scratch memory first, so that a rare match does not use up the request's memory.
#include "rpc/answer_registry.h"
#include "rpc/page.h"
#include "rpc/rpc.h"
#include "rpc/sight.h"
#include "store/records.h"
#include "store/store.h"
#include "work/valid.h"
#include <inttypes.h>
#include <string.h>

#define MEMO_SIZE    256u // external ids of partners that a page remembers
#define SOURCE_LOCAL "local"
#define LOOKS_MAX    200000u // records that a list looks at for a page

struct memo {
    uint64_t partner;
    char *external_id;
};

// ---- The external id of an offer's partner

static int
find_external_id(struct call *call, uint64_t partner_id, char **out)
{
    Kansen__V1__Partner *partner;
    int rc;

    arena_reset(call->scratch);
    rc = partner_get(call->txn, partner_id, call->scratch, &partner);
    if (rc == STORE_E_NOT_FOUND)
        return STORE_FAULT_CORRUPT; // an offer never outlives its partner
    if (rc != 0)
        return rc;
    *out = arena_strdup(call->arena, partner->external_id);
    return *out == NULL ? STORE_FAULT_MEMORY : 0;
}

// memo: MEMO_SIZE entries, direct-mapped by id.
static int
add_external_id(struct call *call, struct memo *memo, Kansen__V1__Offer *offer)
{
    struct memo *entry = &memo[offer->partner_id % MEMO_SIZE];

    if (entry->external_id == NULL || entry->partner != offer->partner_id) {
        int rc = find_external_id(call, offer->partner_id, &entry->external_id);

        if (rc != 0)
            return rc;
        entry->partner = offer->partner_id;
    }
    offer->partner_external_id = entry->external_id;
    return 0;
}

// ---- One

// Where a record is asked for by id or by source and external id.
struct wanted {
    const char *what; // "partner"
    uint64_t id;
    const char *source, *external_id;
    int (*find)(struct txn *txn, const char *source, const char *external_id, uint64_t *id);
    bool named; // asked for by external id
};

// What is not there, or not for the caller, is told in the words of the question, so that the two are alike.
static int
not_found(struct call *call, const struct wanted *wanted)
{
    if (wanted->named)
        return fault_set(&call->fault, CODE_NOT_FOUND, "external_id",
                         "there is no %s \"%s\" of the source \"%s\"", wanted->what, wanted->external_id,
                         wanted->source);
    return fault_set(&call->fault, CODE_NOT_FOUND, "id", "there is no %s %" PRIu64, wanted->what, wanted->id);
}

static int
find_wanted(struct call *call, struct wanted *wanted)
{
    const char *own = call->session->identity.source;

    if (wanted->id != 0)
        return 0;
    wanted->named = true;
    if (wanted->source[0] == '\0')
        wanted->source = own[0] == '\0' ? SOURCE_LOCAL : own;
    if (wanted->external_id[0] == '\0')
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "id", "neither id nor external_id is given");
    if (valid_source(&call->fault, "", "source", wanted->source) != 0 ||
        valid_external_id(&call->fault, "", "external_id", wanted->external_id) != 0)
        return FAULT; // what is longer does not even fit a key
    return wanted->find(call->txn, wanted->source, wanted->external_id, &wanted->id);
}

int
answer_registry_get_partner(struct call *call)
{
    const Kansen__V1__GetPartnerRequest *get = call->request->get_partner;
    struct wanted wanted = {"partner", get->id, get->source, get->external_id, partner_find, false};
    Kansen__V1__Partner *partner;
    int rc = find_wanted(call, &wanted);

    if (rc == 0)
        rc = partner_get(call->txn, wanted.id, call->arena, &partner);
    if (rc == STORE_E_NOT_FOUND ||
        (rc == 0 && !sight_of_partner(&call->session->identity, partner->id, partner->source)))
        return not_found(call, &wanted);
    if (rc != 0)
        return rc;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_GET_PARTNER;
    call->response.get_partner = partner;
    return 0;
}

int
answer_registry_get_offer(struct call *call)
{
    const Kansen__V1__GetOfferRequest *get = call->request->get_offer;
    struct wanted wanted = {"offer", get->id, get->source, get->external_id, offer_find, false};
    Kansen__V1__Offer *offer;
    int rc = find_wanted(call, &wanted);

    if (rc == 0)
        rc = offer_get(call->txn, wanted.id, call->arena, &offer);
    if (rc == STORE_E_NOT_FOUND ||
        (rc == 0 && !sight_of_partner(&call->session->identity, offer->partner_id, offer->source)))
        return not_found(call, &wanted);
    if (rc == 0)
        rc = find_external_id(call, offer->partner_id, &offer->partner_external_id);
    if (rc != 0)
        return rc;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_GET_OFFER;
    call->response.get_offer = offer;
    return 0;
}

// ---- Lists

// How far a list has come. It looks at LOOKS_MAX records at most, as one snapshot must not be held for ever:
// a page may be short and still have a cursor.
struct walk {
    uint64_t after; // the last one that was looked at
    unsigned looks;
};

// Whether one more may be looked at. 0, STORE_E_NOT_FOUND when enough were, or an effort_outcome.
static int
look(struct call *call, struct walk *walk)
{
    if (walk->looks++ == LOOKS_MAX)
        return STORE_E_NOT_FOUND;
    return effort_spend(call->effort, EFFORT_RECORD);
}

// What the end of a walk means for the page: 0 with a cursor where it goes on.
static int
end_walk(struct call *call, enum page_list list, const struct walk *walk, int rc, ProtobufCBinaryData *cursor)
{
    if (rc == STORE_E_NOT_FOUND && walk->looks > LOOKS_MAX)
        return page_write_id(call, list, walk->after, cursor);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// Whether the caller sees all there is, so that a list without a filter needs to look at nothing twice.
static bool
sees_all(const struct call *call)
{
    return (call->session->identity.role & (ROLE_OPERATOR | ROLE_PORTAL)) != 0;
}

// The one partner that the caller may see; 0 = more than one.
static uint64_t
only_partner(const struct call *call)
{
    return call->session->identity.role == ROLE_PARTNER ? call->session->identity.partner : 0;
}

// ---- Partners

static bool
partner_passes(const struct call *call, const Kansen__V1__Partner *partner)
{
    const Kansen__V1__ListPartnersRequest *list = call->request->list_partners;

    return (list->source[0] == '\0' || strcmp(list->source, partner->source) == 0) &&
           (list->status == 0 || list->status == partner->status) &&
           (list->kind == 0 || list->kind == partner->kind) &&
           sight_of_partner(&call->session->identity, partner->id, partner->source);
}

// The next partner of the walk that passes, in the call's arena. 0, STORE_E_NOT_FOUND, an effort_outcome or a
// fault.
static int
next_partner(struct call *call, struct walk *walk, Kansen__V1__Partner **out)
{
    const Kansen__V1__ListPartnersRequest *list = call->request->list_partners;
    bool filtered = list->source[0] != '\0' || list->status != 0 || list->kind != 0 || !sees_all(call);
    struct arena *to = filtered ? call->scratch : call->arena;
    uint64_t only = only_partner(call);
    int rc;

    do {
        if (only != 0 && walk->after >= only)
            return STORE_E_NOT_FOUND;
        if (only != 0)
            walk->after = only - 1;
        if (filtered)
            arena_reset(to);
        rc = look(call, walk);
        if (rc == 0)
            rc = partner_next(call->txn, walk->after, to, out);
        if (rc != 0)
            return rc;
        walk->after = (*out)->id;
    } while (!partner_passes(call, *out));
    return filtered ? partner_get(call->txn, walk->after, call->arena, out) : 0;
}

static int
fill_partners(struct call *call, uint64_t after, struct page *page, ProtobufCBinaryData *cursor)
{
    struct walk walk = {.after = after};
    Kansen__V1__Partner *partner;
    int rc;

    while ((rc = next_partner(call, &walk, &partner)) == 0) {
        if (!page_add(page, &partner->base))
            return page_write_id(call, PAGE_PARTNERS, after, cursor);
        after = partner->id;
    }
    return end_walk(call, PAGE_PARTNERS, &walk, rc, cursor);
}

int
answer_registry_list_partners(struct call *call)
{
    const Kansen__V1__ListPartnersRequest *list = call->request->list_partners;
    Kansen__V1__ListPartnersResponse *answer = arena_alloc(call->arena, sizeof *answer);
    struct page page;
    uint64_t after;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_partners_response__init(answer);
    rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_id(call, PAGE_PARTNERS, &list->cursor, &after);
    if (rc == 0)
        rc = page_check_enum(call, "status", &names_partner_status, (int)list->status);
    if (rc == 0)
        rc = page_check_enum(call, "kind", &names_partner_kind, (int)list->kind);
    if (rc == 0)
        rc = fill_partners(call, after, &page, &answer->next_cursor);
    if (rc != 0)
        return rc;
    answer->n_partners = page.n;
    answer->partners = (Kansen__V1__Partner **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_PARTNERS;
    call->response.list_partners = answer;
    return 0;
}

// ---- Offers

static bool
offer_passes(const struct call *call, const Kansen__V1__Offer *offer)
{
    const Kansen__V1__ListOffersRequest *list = call->request->list_offers;

    return (list->source[0] == '\0' || strcmp(list->source, offer->source) == 0) &&
           (list->status == 0 || list->status == offer->status) &&
           (list->kind == 0 || list->kind == offer->kind) &&
           (list->partner_id == 0 || list->partner_id == offer->partner_id) &&
           sight_of_partner(&call->session->identity, offer->partner_id, offer->source);
}

static int
next_offer_of_partner(struct call *call, uint64_t partner, uint64_t after, struct arena *arena,
                      Kansen__V1__Offer **out)
{
    uint64_t id;
    int rc = partner_offer_next(call->txn, partner, after, &id);

    if (rc != 0)
        return rc;
    rc = offer_get(call->txn, id, arena, out);
    return rc == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : rc; // the index names offers that are there
}

// As next_partner.
static int
next_offer(struct call *call, struct walk *walk, Kansen__V1__Offer **out)
{
    const Kansen__V1__ListOffersRequest *list = call->request->list_offers;
    uint64_t only = only_partner(call), partner = only != 0 ? only : list->partner_id;
    bool filtered = list->source[0] != '\0' || list->status != 0 || list->kind != 0 || !sees_all(call);
    struct arena *to = filtered ? call->scratch : call->arena;

    int rc;

    do {
        if (filtered)
            arena_reset(to);
        rc = look(call, walk);
        if (rc == 0)
            rc = partner != 0 ? next_offer_of_partner(call, partner, walk->after, to, out)
                              : offer_next(call->txn, walk->after, to, out);
        if (rc != 0)
            return rc;
        walk->after = (*out)->id;
    } while (!offer_passes(call, *out));
    return filtered ? offer_get(call->txn, walk->after, call->arena, out) : 0;
}

static int
fill_offers(struct call *call, uint64_t after, struct page *page, ProtobufCBinaryData *cursor)
{
    struct memo *memo = arena_array(call->arena, MEMO_SIZE, sizeof *memo);
    struct walk walk = {.after = after};
    Kansen__V1__Offer *offer;
    int rc;

    if (memo == NULL)
        return STORE_FAULT_MEMORY;
    while ((rc = next_offer(call, &walk, &offer)) == 0) {
        rc = add_external_id(call, memo, offer);
        if (rc != 0)
            return rc;
        if (!page_add(page, &offer->base))
            return page_write_id(call, PAGE_OFFERS, after, cursor);
        after = offer->id;
    }
    return end_walk(call, PAGE_OFFERS, &walk, rc, cursor);
}

int
answer_registry_list_offers(struct call *call)
{
    const Kansen__V1__ListOffersRequest *list = call->request->list_offers;
    Kansen__V1__ListOffersResponse *answer = arena_alloc(call->arena, sizeof *answer);
    struct page page;
    uint64_t after;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_offers_response__init(answer);
    rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_id(call, PAGE_OFFERS, &list->cursor, &after);
    if (rc == 0)
        rc = page_check_enum(call, "status", &names_offer_status, (int)list->status);
    if (rc == 0)
        rc = page_check_enum(call, "kind", &names_offer_kind, (int)list->kind);
    if (rc == 0)
        rc = fill_offers(call, after, &page, &answer->next_cursor);
    if (rc != 0)
        return rc;
    answer->n_offers = page.n;
    answer->offers = (Kansen__V1__Offer **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_OFFERS;
    call->response.list_offers = answer;
    return 0;
}
