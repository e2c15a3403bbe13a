// SPDX-License-Identifier: Apache-2.0
// Operations on offers.
#include "store/offer_row.h"
#include "store/placement.h"
#include "store/records.h"
#include "store/write.h"
#include "work/change.h"
#include "work/check_offer.h"
#include "work/lifecycle.h"
#include "work/rights.h"
#include "work/round_lock.h"
#include "work/seats.h"
#include "work/valid.h"
#include <string.h>

// ---- Checks

static int
no_partner(struct change *change, const Kansen__V1__Offer *given)
{
    if (given->partner_id != 0)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "offer.partner_id", "there is no partner %llu",
                         (unsigned long long)given->partner_id);
    return fault_set(change->fault, CODE_INVALID_ARGUMENT, "offer.partner_external_id",
                     "there is no partner '%.100s' in source %s", given->partner_external_id, change->source);
}

// The partner that the offer names by id, by external id, or by both. A caller that is a partner means
// itself.
static int
find_partner(struct change *change, const Kansen__V1__Offer *given, Kansen__V1__Partner **out)
{
    const bool itself = (change->command->movers & MOVER_PARTNER) != 0 && !rights_are_full(change);
    uint64_t id = itself && given->partner_id == 0 ? change->command->partner : given->partner_id;
    int rc = 0;

    if (id == 0 && given->partner_external_id[0] == '\0')
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "offer.partner_id", "no partner is named");
    if (id == 0 &&
        valid_external_id(change->fault, "offer", "partner_external_id", given->partner_external_id) != 0)
        return FAULT;
    if (id == 0)
        rc = partner_find(change->txn, change->source, given->partner_external_id, &id);
    if (rc == 0)
        rc = partner_get(change->txn, id, change->arena, out);
    if (rc == STORE_E_NOT_FOUND || (rc == 0 && !rights_over_partner(change, *out)))
        return no_partner(change, given);
    if (rc == 0 && given->partner_external_id[0] != '\0' &&
        strcmp(given->partner_external_id, (*out)->external_id) != 0)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "offer.partner_external_id",
                         "partner %llu has the external id '%s', not '%.100s'", (unsigned long long)id,
                         (*out)->external_id, given->partner_external_id);
    return rc;
}

static int
check_seats_taken(struct change *change, const Kansen__V1__Offer *given, uint64_t id)
{
    struct offer_row row;
    int rc = offer_row_get(change->txn, id, &row);

    if (rc != 0)
        return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    if (given->seats < row.seats_taken)
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "offer.seats",
                         "%u seats given, but %u are taken; free some first", given->seats, row.seats_taken);
    return 0;
}

// While requests are in the draw, its date stands: who entered relies on it.
static int
check_draw(struct change *change, const Kansen__V1__Offer *given, const Kansen__V1__Offer *old)
{
    Kansen__V1__PlacementState state;
    struct turn turn = {0};
    int rc = STORE_E_NOT_FOUND;

    if (strcmp(given->collect_until, old->collect_until) == 0)
        return 0;
    while ((rc = turn_next(change->txn, old->id, &turn, &state)) == 0) {
        if (state == KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_ENTERED)
            return fault_set(change->fault, CODE_FAILED_PRECONDITION, "offer.collect_until",
                             "requests are in the draw of %s already", old->collect_until);
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// An offer may move to another partner, but not with students at it.
static int
check_partner_stays(struct change *change, const Kansen__V1__Partner *partner, const Kansen__V1__Offer *old)
{
    uint64_t placement = 0;
    int rc;

    if (partner->id == old->partner_id)
        return 0;
    rc = seat_next(change->txn, old->id, &placement);
    if (rc == 0)
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "offer.partner_id",
                         "the offer has placements at partner %llu; make a new offer instead",
                         (unsigned long long)old->partner_id);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// ---- Operations

static int
get_offer(struct change *change, uint64_t id, Kansen__V1__Offer **out)
{
    int rc = offer_get(change->txn, id, change->arena, out);

    if (rc != STORE_E_NOT_FOUND && (rc != 0 || rights_over_offer(change, *out)))
        return rc;
    return fault_set(change->fault, CODE_NOT_FOUND, "id", "there is no offer %llu", (unsigned long long)id);
}

static int
insert(struct change *change, const Kansen__V1__Offer *given, const Kansen__V1__Partner *partner)
{
    Kansen__V1__Offer record = *given;
    int rc = store_next_id(change->txn, STORE_ID_OFFER, &record.id);

    if (rc != 0)
        return rc;
    record.version = 1;
    record.source = (char *)change->source;
    record.partner_id = partner->id;
    record.partner_external_id = (char *)protobuf_c_empty_string; // the partner's own, so not kept twice
    record.created_us = record.updated_us = change->command->time_us;
    if (record.status == KANSEN__V1__OFFER_STATUS__OFFER_STATUS_UNSPECIFIED)
        record.status = KANSEN__V1__OFFER_STATUS__OFFER_STATUS_OPEN;
    rc = offer_put(change->txn, &record, NULL, partner);
    return rc == 0 ? change_done_offer(change, KANSEN__V1__OUTCOME__OUTCOME_CREATED, &record) : rc;
}

static int
update(struct change *change, const Kansen__V1__Offer *given, const Kansen__V1__Offer *old,
       const Kansen__V1__Partner *partner)
{
    Kansen__V1__Offer record = *given;
    bool same = false;
    int rc = check_seats_taken(change, given, old->id);

    if (rc == 0)
        rc = check_draw(change, given, old);
    if (rc == 0)
        rc = check_partner_stays(change, partner, old);
    if (rc != 0)
        return rc;
    record.id = old->id;
    record.version = old->version;
    record.source = old->source;
    record.partner_id = partner->id;
    record.partner_external_id = (char *)protobuf_c_empty_string;
    record.created_us = old->created_us;
    record.updated_us = old->updated_us;
    if (record.status == KANSEN__V1__OFFER_STATUS__OFFER_STATUS_UNSPECIFIED)
        record.status = old->status;
    rc = round_lock_check_change(change, &record, old);
    if (rc == 0)
        rc = change_same(change, &record.base, &old->base, &same);
    if (rc != 0)
        return rc;
    if (same)
        return change_done_offer(change, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED, old);
    record.version++;
    record.updated_us = change->command->time_us;
    rc = offer_put(change->txn, &record, old, partner);
    if (rc == 0)
        rc = change_done_offer(change, KANSEN__V1__OUTCOME__OUTCOME_UPDATED, &record);
    return rc == 0 ? seats_fill(change, record.id) : rc; // there may be more seats, or it may be open again
}

int
change_create_offer(struct change *change)
{
    const Kansen__V1__Offer *given = change->command->write->create_offer->offer;
    Kansen__V1__Partner *partner;
    int rc;

    if (given == NULL)
        return change_missing(change, "offer");
    rc = valid_number(change->fault, "offer", "id", given->id, 0, 0);
    if (rc == 0)
        rc = find_partner(change, given, &partner);
    if (rc == 0)
        rc = check_offer(change, given, partner);
    if (rc == 0)
        rc = change_external_id(change, "offer", offer_find, change->source, given->external_id, 0);
    return rc == 0 ? insert(change, given, partner) : rc;
}

int
change_replace_offer(struct change *change)
{
    const Kansen__V1__Offer *given = change->command->write->replace_offer->offer;
    Kansen__V1__Partner *partner;
    Kansen__V1__Offer *old = NULL, record;
    int rc;

    if (given == NULL)
        return change_missing(change, "offer");
    record = *given;
    rc = get_offer(change, given->id, &old);
    if (rc == 0)
        rc = change_version(change, "offer.version", given->version, old->version, false);
    if (rc == 0)
        rc = find_partner(change, given, &partner);
    if (rc == 0)
        rc = check_offer(change, given, partner);
    if (rc == 0)
        rc = rights_limit_offer(change, &record, old);
    if (rc == 0)
        rc = change_external_id(change, "offer", offer_find, old->source, record.external_id, old->id);
    return rc == 0 ? update(change, &record, old, partner) : rc;
}

int
change_upsert_offer(struct change *change)
{
    const Kansen__V1__Offer *given = change->command->write->upsert_offer->offer;
    Kansen__V1__Partner *partner;
    Kansen__V1__Offer *old = NULL;
    uint64_t id;
    int rc;

    if (given == NULL)
        return change_missing(change, "offer");
    if (given->external_id[0] == '\0')
        return change_missing(change, "offer.external_id");
    rc = find_partner(change, given, &partner);
    if (rc == 0)
        rc = check_offer(change, given, partner);
    if (rc != 0)
        return rc;
    rc = offer_find(change->txn, change->source, given->external_id, &id);
    if (rc == STORE_E_NOT_FOUND)
        return insert(change, given, partner);
    if (rc == 0)
        rc = offer_get(change->txn, id, change->arena, &old);
    if (rc == 0 && !rights_over_offer(change, old)) // of another partner, under an id of this source
        return change_external_id(change, "offer", offer_find, change->source, given->external_id, 0);
    if (rc == 0)
        rc = change_version(change, "offer.version", given->version, old->version, true);
    if (rc == STORE_E_NOT_FOUND)
        rc = STORE_FAULT_CORRUPT;
    return rc == 0 ? update(change, given, old, partner) : rc;
}

int
change_set_offer_status(struct change *change)
{
    const Kansen__V1__SetOfferStatus *given = change->command->write->set_offer_status;
    Kansen__V1__Partner *partner;
    Kansen__V1__Offer *old = NULL, record;
    int rc = valid_enum(change->fault, "", "status", (int)given->status, &names_offer_status, false);

    if (rc == 0)
        rc = get_offer(change, given->id, &old);
    if (rc == 0)
        rc = change_version(change, "version", given->version, old->version, true);
    if (rc == 0)
        rc = partner_get(change->txn, old->partner_id, change->arena, &partner);
    if (rc != 0)
        return rc == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : rc;
    record = *old;
    record.status = given->status;
    return update(change, &record, old, partner);
}

int
change_remove_offer(struct change *change)
{
    const Kansen__V1__RemoveOffer *given = change->command->write->remove_offer;
    Kansen__V1__Offer *old = NULL;
    int rc = get_offer(change, given->id, &old);

    if (rc == 0)
        rc = change_version(change, "version", given->version, old->version, true);
    if (rc == 0)
        rc = round_lock_check(change, "id", old->id);
    if (rc != 0)
        return rc;
    rc = seats_end(change, old->id, EVENT_REMOVED);
    if (rc == 0)
        rc = offer_delete(change->txn, old);
    return rc == 0 ? change_done_offer(change, KANSEN__V1__OUTCOME__OUTCOME_REMOVED, old) : rc;
}
