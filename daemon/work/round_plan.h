// SPDX-License-Identifier: Apache-2.0
// What is fixed about a round when it is made: its rule, who committed secrets, the public draw, and the
// rounds before it.
#ifndef WORK_ROUND_PLAN_H
#define WORK_ROUND_PLAN_H

#include "base/attr.h"
#include "work/change.h"
#include <kansen/v1/round.pb-c.h>

// Checks the plan that is given and completes it: *plan lives as long as the command. 0, FAULT or a store
// fault.
int round_plan_make(struct change *change, const Kansen__V1__CreateRound *given,
                    Kansen__V1__RoundPlan *plan) MUST_CHECK;

// Puts the places that the rule of a plan measures from, all municipalities and places of this moment; those
// of a rule that measures nothing are none. 0 or a store fault.
int round_plan_put_places(struct change *change, uint64_t round,
                          const Kansen__V1__RoundPlan *plan) MUST_CHECK;

// Refuses (FAULT with the field) a plan of a round of this name that commits to a secret which a round has
// revealed: who knows it can try out what a draw would come to. 0 or a store fault else.
int round_plan_check_fresh(struct change *change, const char *name, const Kansen__V1__RoundPlan *plan,
                           const char *field) MUST_CHECK;

// The public draw is a day or a moment in UTC. Whether a time comes before it, the day itself included; and
// whether it may have been held by then, on the day or from the moment on. Pure.
bool round_plan_is_ahead(const Kansen__V1__RoundBeacon *beacon, int64_t time_us);
bool round_plan_is_held(const Kansen__V1__RoundBeacon *beacon, int64_t time_us);

// Whether a time lies on the day of the public draw, also where it has a moment. Pure.
bool round_plan_is_day(const Kansen__V1__RoundBeacon *beacon, int64_t time_us);

// H("alloc-party-v1" NUL run NUL party NUL secret), by which a party finds its own secret in the draw. 32
// bytes each. Pure.
void round_plan_commit_party(const char *run, const char *party, const uint8_t *secret, uint8_t *commitment);

// H("alloc-salt-v1" NUL salt). Pure.
void round_plan_commit_salt(const uint8_t *salt, uint8_t *commitment);

#endif
