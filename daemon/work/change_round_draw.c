// SPDX-License-Identifier: Apache-2.0
// The secrets are revealed and the public draw is told: from both comes the seed, once in a round's life.
#include "cohort/lottery.h"
#include "store/round.h"
#include "work/change_round.h"
#include "work/lifecycle.h"
#include "work/round_plan.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define BEACON_BYTES 1024u

static int
check_secrets(struct change *change, const Kansen__V1__DrawRound *given, const Kansen__V1__Round *round,
              const Kansen__V1__RoundPlan *plan, uint8_t secret[LOTTERY_BYTES])
{
    uint8_t(*secrets)[LOTTERY_BYTES] = arena_array(change->arena, plan->n_parties, LOTTERY_BYTES);

    if (secrets == NULL)
        return STORE_FAULT_MEMORY;
    if (given->n_secrets != plan->n_parties)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "secrets",
                         "%zu secrets given; %zu parties committed one", given->n_secrets, plan->n_parties);
    for (size_t i = 0; i < given->n_secrets; i++) {
        uint8_t commitment[LOTTERY_BYTES];
        char field[32];

        snprintf(field, sizeof field, "secrets[%zu]", i);
        if (given->secrets[i].len != LOTTERY_BYTES)
            return fault_set(change->fault, CODE_INVALID_ARGUMENT, field, "a secret has %u bytes, not %zu",
                             LOTTERY_BYTES, given->secrets[i].len);
        memcpy(secrets[i], given->secrets[i].data, LOTTERY_BYTES);
        round_plan_commit_party(round->name, plan->parties[i]->name, secrets[i], commitment);
        if (sodium_memcmp(commitment, plan->parties[i]->commitment.data, sizeof commitment) != 0)
            return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                             "this is not the secret that %s committed", plan->parties[i]->name);
    }
    lottery_combine((const uint8_t(*)[LOTTERY_BYTES])secrets, plan->n_parties, secret);
    if (!lottery_matches(round->name, secret, plan->commitment.data))
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "secrets",
                         "the parties' secrets are their own, but not those that the round committed to");
    return 0;
}

static int
check_draw(struct change *change, const Kansen__V1__DrawRound *given, const Kansen__V1__Round *old,
           const Kansen__V1__RoundPlan *plan)
{
    int64_t now = change->command->time_us;

    if (given->beacon_bytes.len < 1 || given->beacon_bytes.len > BEACON_BYTES)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "beacon_bytes",
                         "the public draw has %zu bytes; 1 to %u are allowed", given->beacon_bytes.len,
                         BEACON_BYTES);
    if (!round_plan_is_held(plan->beacon, now))
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "beacon_bytes",
                         "the public draw that was announced is on %s", plan->beacon->date);
    if (given->fallback && round_plan_is_day(plan->beacon, now))
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "fallback",
                         "the draw may still be held today; its fallback counts from the day behind %.10s on",
                         plan->beacon->date);
    if (round_plan_is_ahead(plan->beacon, old->frozen_us))
        return 0;
    return fault_set(
        change->fault, CODE_FAILED_PRECONDITION, "beacon_bytes",
        "the input was not frozen, and its digest known, before the public draw of %s; cancel the "
        "round and make another one",
        plan->beacon->date);
}

int
change_draw_round(struct change *change)
{
    const Kansen__V1__DrawRound *given = change->command->write->draw_round;
    uint8_t secret[LOTTERY_BYTES], seed[LOTTERY_BYTES];
    Kansen__V1__Round *old = NULL, *round = NULL;
    Kansen__V1__RoundPlan *plan = NULL;
    int rc = change_round_get(change, given->round, &old);

    if (rc == 0)
        rc = change_round_move(change, old, ROUND_DRAW, &round);
    if (rc == 0)
        rc = round_plan_get(change->txn, old->id, change->arena, &plan);
    if (rc == 0)
        rc = check_draw(change, given, old, plan);
    if (rc == 0)
        rc = check_secrets(change, given, old, plan, secret);
    if (rc == 0)
        rc = round_plan_check_fresh(change, old->name, plan, "secrets");
    if (rc != 0)
        return rc > FAULT ? STORE_FAULT_CORRUPT : rc;
    lottery_seed(old->name, secret, given->beacon_bytes.data, given->beacon_bytes.len, seed);
    rc = change_round_bytes(change, seed, sizeof seed, &round->seed);
    change->seed = change->command->secrets->random;
    round->receipt_key = (ProtobufCBinaryData){LOTTERY_BYTES, (uint8_t *)change->seed};
    round->beacon_bytes = given->beacon_bytes;
    round->beacon_is_fallback = given->fallback;
    round->n_secrets = given->n_secrets;
    round->secrets = given->secrets;
    round->drawn_us = change->command->time_us;
    return rc == 0 ? change_round_done(change, round, old) : rc;
}
