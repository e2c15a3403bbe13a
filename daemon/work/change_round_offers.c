// SPDX-License-Identifier: Apache-2.0
// Offers are taken into a round before it opens, and which lottery counts at them is chosen.
#include "store/round.h"
#include "work/change_round.h"
#include "work/lifecycle.h"
#include "work/round_offer.h"
#include "work/valid.h"

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name

#define LOTTERY_AS_IT_IS KANSEN__V1__ROUND_LOTTERY__ROUND_LOTTERY_UNSPECIFIED

#define TAKE_NAMED 1000u  // offers in one command
#define TAKE_LOOKS 20000u // offers that are looked at in one command
#define TAKE_MOST  2000u  // offers that are taken in one command

static int
take_named(struct change *change, const Kansen__V1__TakeRoundOffers *given, const Kansen__V1__RoundPlan *plan,
           Kansen__V1__Round *round)
{
    int rc = valid_count(change->fault, "", "offer_ids", given->n_offer_ids, TAKE_NAMED);

    for (size_t i = 0; i < given->n_offer_ids && rc == 0; i++) {
        const char *why = NULL;

        rc = round_offer_may(change, round->id, plan, given->offer_ids[i], given->lottery, &why);
        for (size_t k = 0; k < i && rc == 0 && why == NULL; k++)
            why = given->offer_ids[k] == given->offer_ids[i] ? "is named twice" : NULL;
        if (rc == 0 && why != NULL)
            rc = fault_set(change->fault, CODE_FAILED_PRECONDITION, "offer_ids", "offer %llu %s",
                           (unsigned long long)given->offer_ids[i], why);
    }
    for (size_t i = 0; i < given->n_offer_ids && rc == 0; i++)
        rc = round_offer_take(change, round, plan, given->offer_ids[i], given->lottery);
    return rc;
}

// Takes the next of all offers that may take part; *ended when none is left.
static int
take_next(struct change *change, const Kansen__V1__TakeRoundOffers *given, const Kansen__V1__RoundPlan *plan,
          Kansen__V1__Round *round, bool *ended)
{
    unsigned taken = 0;
    int rc = 0;

    for (unsigned looks = 0; looks < TAKE_LOOKS && taken < TAKE_MOST; looks++) {
        const char *why = NULL;
        uint64_t next;

        rc = round_offer_behind(change->txn, round->at_offer, &next);
        if (rc != 0)
            break;
        round->at_offer = next;
        rc = round_offer_may(change, round->id, plan, next, LOTTERY_AS_IT_IS, &why);
        if (rc == 0 && why == NULL) {
            rc = round_offer_take(change, round, plan, next, given->lottery);
            taken++;
        }
        if (rc != 0)
            return rc;
    }
    *ended = rc == STORE_E_NOT_FOUND && taken == 0;
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
change_take_round_offers(struct change *change)
{
    const Kansen__V1__TakeRoundOffers *given = change->command->write->take_round_offers;
    Kansen__V1__Round *old = NULL, *round = NULL;
    Kansen__V1__RoundPlan *plan = NULL;
    bool ended = false;
    int rc = change_round_get(change, given->round, &old);

    if (rc == 0 && old->state != STATE(CREATED))
        rc = change_round_refuse(change, old, "take offers in");
    if (rc == 0)
        rc = valid_enum(change->fault, "", "lottery", (int)given->lottery, &names_round_lottery, true);
    if (rc == 0 && given->all == (given->n_offer_ids > 0))
        rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, "offer_ids", "give either offers or all");
    if (rc == 0)
        rc = round_plan_get(change->txn, old->id, change->arena, &plan);
    if (rc == 0)
        rc = change_round_begin(change, old, &round);
    if (rc == 0)
        rc = given->all ? take_next(change, given, plan, round, &ended)
                        : take_named(change, given, plan, round);
    if (rc != 0)
        return rc > FAULT ? STORE_FAULT_CORRUPT : rc;
    if (ended) {
        change->outcome = KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED;
        change->id = old->id;
        change->version = old->version;
        return 0;
    }
    return change_round_done(change, round, old);
}
