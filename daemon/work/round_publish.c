// SPDX-License-Identifier: Apache-2.0
// First all who move leave, then all are placed: so no offer ever has more students than seats.
#include "work/round_publish.h"
#include "store/offer_row.h"
#include "store/placement.h"
#include "store/records.h"
#include "store/round.h"
#include "store/write.h"
#include "work/seats.h"
#include <string.h>

#define STATE(name) KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_##name

static int
get_result(struct change *change, uint64_t round, const uint8_t *ref, Kansen__V1__RoundResult **out)
{
    int rc = round_result_get(change->txn, round, ref, change->arena, out);

    return rc > 0 ? STORE_FAULT_CORRUPT : rc;
}

int
round_publish_release(struct change *change, const Kansen__V1__Round *round, uint64_t offer)
{
    struct round_pin pin = {0};
    int rc;

    while ((rc = round_pin_next(change->txn, round->id, offer, &pin)) == 0) {
        Kansen__V1__Placement *old = NULL, *placement = NULL;
        Kansen__V1__RoundResult *result = NULL;
        struct seats_next next = {0};

        rc = get_result(change, round->id, pin.ref, &result);
        if (rc == 0 && result->offer_id != offer)
            rc = placement_get(change->txn, pin.placement, change->arena, &old);
        if (rc < 0)
            return rc;
        // One that has ended meanwhile, or begun, stays as it is.
        if (rc != 0 || old == NULL ||
            lifecycle_move(old->state, EVENT_WITHDRAW, MOVER_OPERATOR, &next.state) != 0)
            continue;
        rc = seats_set(change, old, &next, &placement);
        if (rc == 0)
            rc = change_note_placement(change, placement);
        if (rc != 0)
            return rc;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// What a new placement starts as. Who the lottery gave a seat of a partner that was suspended since is told
// so by a placement that the partner's end has ended.
static int
first_state(struct change *change, uint64_t offer, Kansen__V1__Placement *placement)
{
    Kansen__V1__Offer *record = NULL;
    struct offer_row row = {0};
    int rc = offer_get(change->txn, offer, change->arena, &record);

    if (rc == 0)
        rc = offer_row_get(change->txn, offer, &row);
    if (rc != 0)
        return rc > 0 ? STORE_FAULT_CORRUPT : rc; // it can not be removed while its seats are locked
    if (row.seats_taken >= row.seats)
        return STORE_FAULT_CORRUPT; // the same
    placement->partner_id = record->partner_id;
    placement->state = (row.flags & OFFER_ROW_LIVE) == 0 ? STATE(CANCELLED_BY_PARTNER)
                       : change_is_direct(record)        ? STATE(ACCEPTED)
                                                         : STATE(REQUESTED);
    return 0;
}

static int
put_placement(struct change *change, const Kansen__V1__RoundStudent *student, uint64_t offer, uint64_t *id)
{
    Kansen__V1__Placement *placement = arena_alloc(change->arena, sizeof *placement);
    int rc;

    if (placement == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__placement__init(placement);
    rc = first_state(change, offer, placement);
    if (rc == 0)
        rc = store_next_id(change->txn, STORE_ID_PLACEMENT, &placement->id);
    if (rc != 0)
        return rc;
    placement->version = 1;
    placement->offer_id = offer;
    placement->student_id = student->student_id;
    placement->client = student->client;
    placement->referred = student->referred;
    placement->turn = seats_turn(placement->id);
    placement->created_us = placement->updated_us = change->command->time_us;
    rc = placement_put(change->txn, placement, NULL);
    *id = placement->id;
    return rc == 0 ? change_note_placement(change, placement) : rc;
}

int
round_publish_place(struct change *change, const Kansen__V1__Round *round,
                    const Kansen__V1__RoundStudent *student)
{
    Kansen__V1__RoundResult *result = NULL;
    int rc = get_result(change, round->id, student->ref.data, &result);

    if (rc != 0 || result->offer_id == 0)
        return rc;
    if (student->pinned_placement != 0 && result->rank == student->n_offers) {
        result->placement_id = student->pinned_placement;
    } else {
        rc =
            student_seat_find(change->txn, student->student_id.data, result->offer_id, &result->placement_id);
        if (rc == STORE_E_NOT_FOUND)
            rc = put_placement(change, student, result->offer_id, &result->placement_id);
    }
    return rc == 0 ? round_result_put(change->txn, round->id, student->ref.data, result) : rc;
}

// ---- Corrections

int
round_publish_may(struct change *change, const Kansen__V1__Round *round,
                  const Kansen__V1__RoundStudent *student, uint64_t offer, const char **why)
{
    struct offer_row row = {0};
    uint64_t placement;
    int rc = offer_row_get(change->txn, offer, &row);

    if (rc < 0)
        return rc;
    if (rc != 0 || !round_has_offer(change->txn, round->id, offer))
        *why = "does not take part in the round";
    else if (row.seats_taken >= row.seats)
        *why = "has no free seat";
    if (*why != NULL)
        return 0;
    rc = student_seat_find(change->txn, student->student_id.data, offer, &placement);
    if (rc == 0)
        *why = "has a placement of this student already";
    return rc < 0 ? rc : 0;
}

// Ends the placement that came of a result; who waits for the seat moves up.
static int
end_placement(struct change *change, uint64_t id)
{
    Kansen__V1__Placement *old = NULL, *placement = NULL;
    struct seats_next next = {0};
    int rc = placement_get(change->txn, id, change->arena, &old);

    if (rc != 0 || lifecycle_move(old->state, EVENT_WITHDRAW, MOVER_OPERATOR, &next.state) != 0)
        return rc < 0 ? rc : 0; // it has ended, or begun
    rc = seats_set(change, old, &next, &placement);
    if (rc == 0)
        rc = change_note_placement(change, placement);
    return rc == 0 ? seats_fill(change, old->offer_id) : rc;
}

int
round_publish_correct(struct change *change, const Kansen__V1__Round *round,
                      const Kansen__V1__RoundStudent *student, uint64_t offer, uint64_t *placement)
{
    Kansen__V1__RoundResult *result = NULL;
    int rc = get_result(change, round->id, student->ref.data, &result);

    *placement = 0;
    if (rc == 0 && offer != 0)
        rc = put_placement(change, student, offer, placement);
    if (rc == 0 && result->placement_id != 0)
        rc = end_placement(change, result->placement_id);
    if (rc != 0)
        return rc;
    result->placement_id = *placement;
    result->corrected = true;
    result->corrected_offer_id = offer;
    return round_result_put(change->txn, round->id, student->ref.data, result);
}
