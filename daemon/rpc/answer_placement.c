// SPDX-License-Identifier: Apache-2.0
// Placements. A list looks at records in the order of their ids and filters before it counts; it looks at
// LOOKS_MAX records at most, as one snapshot must not be held for ever: a page may be short and still have a
// cursor.
#include "rpc/answer_placement.h"
#include "auth/secret.h"
#include "rpc/page.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "rpc/sight.h"
#include "store/placement.h"
#include "store/records.h"
#include "store/store.h"
#include <inttypes.h>
#include <string.h>

#define LOOKS_MAX   20000u
#define REASONS_MAX 64u

_Static_assert(SECRET_HASH_BYTES == STUDENT_HASH_BYTES, "the store keeps the hash as it is made");

// ---- One

// Cuts a placement to what the caller may see of it; SIGHT_NONE leaves it alone.
static enum sight
cut_to_sight(const struct call *call, Kansen__V1__Placement *placement)
{
    enum sight sight = sight_of_placement(&call->session->identity, placement->client, placement->partner_id,
                                          placement->state);

    if (sight == SIGHT_CUT)
        sight_cut_placement(placement);
    return sight;
}

int
answer_placement_get(struct call *call)
{
    uint64_t id = call->request->get_placement->id;
    Kansen__V1__Placement *placement;
    int rc = placement_get(call->txn, id, call->arena, &placement);

    if (rc == STORE_E_NOT_FOUND || (rc == 0 && cut_to_sight(call, placement) == SIGHT_NONE))
        return fault_set(&call->fault, CODE_NOT_FOUND, "id", "there is no placement %" PRIu64, id);
    if (rc != 0)
        return rc;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_GET_PLACEMENT;
    call->response.get_placement = placement;
    return 0;
}

// ---- A page

struct listing {
    const Kansen__V1__ListPlacementsRequest *given;
    bool has_student;
    uint8_t student[STUDENT_ID_BYTES];
    uint64_t after; // the last one that was looked at
    unsigned looks;
};

// Finds the random id behind the reference. 0, STORE_E_NOT_FOUND for a student that is not known, or a fault.
static int
find_student(struct call *call, struct listing *listing)
{
    uint8_t hash[SECRET_HASH_BYTES];
    int rc;

    if (listing->given->student[0] == '\0')
        return 0;
    secret_hash_student(call->service->secret, call->session->identity.client, listing->given->student, hash);
    rc = student_find(call->txn, hash, listing->student);
    listing->has_student = rc == 0;
    return rc;
}

static bool
passes(const struct listing *listing, const Kansen__V1__Placement *placement)
{
    const Kansen__V1__ListPlacementsRequest *given = listing->given;

    return (given->offer_id == 0 || given->offer_id == placement->offer_id) &&
           (given->partner_id == 0 || given->partner_id == placement->partner_id) &&
           (given->state == 0 || given->state == placement->state) &&
           (!listing->has_student ||
            (placement->student_id.len == sizeof listing->student &&
             memcmp(placement->student_id.data, listing->student, sizeof listing->student) == 0));
}

// The next placement that passes and that the caller may see, as it may see it, in the call's arena; NULL
// when enough were looked at. 0, STORE_E_NOT_FOUND at the end, an effort_outcome or a fault.
static int
next_placement(struct call *call, struct listing *listing, Kansen__V1__Placement **out)
{
    const struct identity *caller = &call->session->identity;

    *out = NULL;
    while (listing->looks++ < LOOKS_MAX) {
        Kansen__V1__Placement *placement;
        int rc;

        arena_reset(call->scratch);
        rc = effort_spend(call->effort, EFFORT_RECORD);
        if (rc == 0)
            rc = placement_next(call->txn, listing->after, call->scratch, &placement);
        if (rc != 0)
            return rc;
        listing->after = placement->id;
        if (!passes(listing, placement) ||
            sight_of_placement(caller, placement->client, placement->partner_id, placement->state) ==
                SIGHT_NONE)
            continue;
        rc = placement_get(call->txn, listing->after, call->arena, out);
        if (rc == 0)
            (void)cut_to_sight(call, *out);
        return rc;
    }
    return 0;
}

static int
fill(struct call *call, struct listing *listing, struct page *page, ProtobufCBinaryData *cursor)
{
    uint64_t last = listing->after;
    Kansen__V1__Placement *placement;
    int rc;

    while ((rc = next_placement(call, listing, &placement)) == 0) {
        if (placement == NULL)
            return page_write_id(call, PAGE_PLACEMENTS, listing->after, cursor);
        if (!page_add(page, &placement->base))
            return page_write_id(call, PAGE_PLACEMENTS, last, cursor);
        last = placement->id;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
answer_placement_list(struct call *call)
{
    struct listing listing = {.given = call->request->list_placements};
    Kansen__V1__ListPlacementsResponse *answer = arena_alloc(call->arena, sizeof *answer);
    struct page page;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_placements_response__init(answer);
    rc = page_start(call, listing.given->limit, &page);
    if (rc == 0)
        rc = page_read_id(call, PAGE_PLACEMENTS, &listing.given->cursor, &listing.after);
    if (rc == 0)
        rc = page_check_enum(call, "state", &names_placement_state, (int)listing.given->state);
    if (rc == 0)
        rc = find_student(call, &listing);
    if (rc == 0)
        rc = fill(call, &listing, &page, &answer->next_cursor);
    if (rc != 0 && rc != STORE_E_NOT_FOUND) // of a student that is not known there are none
        return rc;
    answer->n_placements = page.n;
    answer->placements = (Kansen__V1__Placement **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_PLACEMENTS;
    call->response.list_placements = answer;
    return 0;
}

// ---- Declines

static int
count_declines(struct call *call, uint64_t partner, Kansen__V1__CountDeclinesResponse *answer)
{
    uint32_t reason = 0;
    uint64_t count;
    int rc = 0;

    answer->counts = arena_array(call->arena, REASONS_MAX, sizeof(Kansen__V1__DeclineCount *));
    if (answer->counts == NULL)
        return STORE_FAULT_MEMORY;
    while (answer->n_counts < REASONS_MAX && (rc = decline_next(call->txn, partner, &reason, &count)) == 0) {
        Kansen__V1__DeclineCount *one = arena_alloc(call->arena, sizeof *one);

        if (one == NULL)
            return STORE_FAULT_MEMORY;
        kansen__v1__decline_count__init(one);
        one->reason = (Kansen__V1__DeclineReason)reason;
        one->count = count;
        answer->counts[answer->n_counts++] = one;
    }
    return rc < 0 ? rc : 0;
}

int
answer_placement_count_declines(struct call *call)
{
    const struct identity *caller = &call->session->identity;
    uint64_t id = call->request->count_declines->partner_id;
    Kansen__V1__CountDeclinesResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__Partner *partner;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__count_declines_response__init(answer);
    rc = caller->role == ROLE_PARTNER && caller->partner != id
             ? (int)STORE_E_NOT_FOUND
             : partner_get(call->txn, id, call->scratch, &partner);
    if (rc == STORE_E_NOT_FOUND)
        return fault_set(&call->fault, CODE_NOT_FOUND, "partner_id", "there is no partner %" PRIu64, id);
    if (rc == 0)
        rc = count_declines(call, id, answer);
    if (rc != 0)
        return rc;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_COUNT_DECLINES;
    call->response.count_declines = answer;
    return 0;
}
