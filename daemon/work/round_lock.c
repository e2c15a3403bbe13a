// SPDX-License-Identifier: Apache-2.0
// A lock is no entry of its own: it follows from the state of the round that an offer takes part in.
#include "work/round_lock.h"
#include "store/records.h"
#include "store/round.h"
#include <string.h>

int
round_lock_check(struct change *change, const char *field, uint64_t offer)
{
    Kansen__V1__Round *round = NULL;
    int rc = round_of_offer(change->txn, offer, change->arena, &round);

    if (rc < 0)
        return rc;
    if (rc != 0 || !round_is_locking(round->state))
        return 0;
    return fault_set(change->fault, CODE_FAILED_PRECONDITION, field,
                     "offer %llu takes part in round %s, whose seats are locked until it is published",
                     (unsigned long long)offer, round->name);
}

int
round_lock_check_change(struct change *change, const Kansen__V1__Offer *is, const Kansen__V1__Offer *was)
{
    if (is->seats == was->seats && is->reserved_seats == was->reserved_seats && is->status == was->status &&
        is->partner_id == was->partner_id && strcmp(is->reserved_until, was->reserved_until) == 0 &&
        strcmp(is->collect_until, was->collect_until) == 0)
        return 0;
    return round_lock_check(change, "offer.seats", was->id);
}

int
round_lock_check_partner(struct change *change, uint64_t partner)
{
    uint64_t offer = 0;
    int rc = 0;

    while (rc == 0 && (rc = partner_offer_next(change->txn, partner, offer, &offer)) == 0)
        rc = round_lock_check(change, "id", offer);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}
