// SPDX-License-Identifier: Apache-2.0
// Rounds and what hangs on them: offers that take part, students' lists, results, and the offers that a round
// has locked. Students are known here by their reference in the round, which says nothing without the key and
// the school's own. All functions: 0, STORE_E_NOT_FOUND where there is nothing, or a fault; outputs are set
// on 0 only, in arena.
#ifndef STORE_ROUND_H
#define STORE_ROUND_H

#include "base/arena.h"
#include "base/attr.h"
#include <kansen/v1/round.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

struct txn;

#define ROUND_REF_BYTES 32u // keyed BLAKE2b of issuer and reference

// ---- Facts about states. Pure.

bool round_is_locking(Kansen__V1__RoundState state); // the seats of its offers are for the round alone
bool round_is_busy(const Kansen__V1__Round *round);  // goes on by itself
bool round_has_ended(Kansen__V1__RoundState state);  // published or later, or cancelled: its offers are free

// ---- Reading

int round_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__Round **out) MUST_CHECK;
int round_find(struct txn *txn, const char *name, struct arena *arena, Kansen__V1__Round **out) MUST_CHECK;
int round_next(struct txn *txn, uint64_t after, struct arena *arena, Kansen__V1__Round **out) MUST_CHECK;
int round_plan_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__RoundPlan **out) MUST_CHECK;

// A place that the rule measures from; the one with the smallest code above `after` ("" = from the start).
int round_place_get(struct txn *txn, uint64_t round, const char *code, struct arena *arena,
                    Kansen__V1__RoundPlace **out) MUST_CHECK;
int round_place_next(struct txn *txn, uint64_t round, const char *after, struct arena *arena,
                     Kansen__V1__RoundPlace **out) MUST_CHECK;

// The first round above `after` that goes on by itself, and the first that was closed or cancelled before a
// time, has no objection without an answer and is not needed by a later one of its row that has not ended.
// There is none while a stream is read into the store.
int round_busy_next(struct txn *txn, uint64_t after, uint64_t *id) MUST_CHECK;
int round_over_next(struct txn *txn, int64_t before_us, struct arena *arena,
                    Kansen__V1__Round **out) MUST_CHECK;

int round_offer_get(struct txn *txn, uint64_t round, uint64_t offer, struct arena *arena,
                    Kansen__V1__RoundOffer **out) MUST_CHECK;
int round_offer_next(struct txn *txn, uint64_t round, uint64_t after, struct arena *arena,
                     Kansen__V1__RoundOffer **out) MUST_CHECK;
bool round_has_offer(struct txn *txn, uint64_t round, uint64_t offer); // a fault sticks to txn

// The round that an offer takes part in and that has not ended, or STORE_E_NOT_FOUND: there is one at most.
int round_of_offer(struct txn *txn, uint64_t offer, struct arena *arena, Kansen__V1__Round **out) MUST_CHECK;

// Whether a round has locked the seats of an offer. 0 or a fault.
int round_locks(struct txn *txn, uint64_t offer, struct arena *arena, bool *locked) MUST_CHECK;

int round_student_get(struct txn *txn, uint64_t round, const uint8_t ref[ROUND_REF_BYTES],
                      struct arena *arena, Kansen__V1__RoundStudent **out) MUST_CHECK;

// The one with the smallest reference above `after`; NULL or no bytes = from the start.
int round_student_next(struct txn *txn, uint64_t round, const ProtobufCBinaryData *after, struct arena *arena,
                       Kansen__V1__RoundStudent **out) MUST_CHECK;
int round_result_get(struct txn *txn, uint64_t round, const uint8_t ref[ROUND_REF_BYTES], struct arena *arena,
                     Kansen__V1__RoundResult **out) MUST_CHECK;

// What has come of a list whose last part has not; the first one of a round. They lie apart: none of the
// functions above sees them.
int round_unfinished_get(struct txn *txn, uint64_t round, const uint8_t ref[ROUND_REF_BYTES],
                         struct arena *arena, Kansen__V1__RoundStudent **out) MUST_CHECK;
int round_unfinished_first(struct txn *txn, uint64_t round, struct arena *arena,
                           Kansen__V1__RoundStudent **out) MUST_CHECK;

int round_objection_get(struct txn *txn, uint64_t round, uint64_t id, struct arena *arena,
                        Kansen__V1__RoundObjection **out) MUST_CHECK;
int round_objection_next(struct txn *txn, uint64_t round, uint64_t after, struct arena *arena,
                         Kansen__V1__RoundObjection **out) MUST_CHECK;

// The next student who is pinned to an offer, and the placement that it keeps. ref is the last one that was
// given; begun is false for the first call and set by it.
struct round_pin {
    bool begun;
    uint8_t ref[ROUND_REF_BYTES];
    uint64_t placement;
};
int round_pin_next(struct txn *txn, uint64_t round, uint64_t offer, struct round_pin *pin) MUST_CHECK;

// ---- Writing, in a write transaction. 0 or a fault.

// Puts a round; old is NULL for a new one, which also gets its name, or the stored one.
int round_put(struct txn *txn, const Kansen__V1__Round *round, const Kansen__V1__Round *old) MUST_CHECK;
int round_plan_put(struct txn *txn, uint64_t id, const Kansen__V1__RoundPlan *plan) MUST_CHECK;
int round_place_put(struct txn *txn, uint64_t id, const Kansen__V1__RoundPlace *place) MUST_CHECK;
int round_offer_put(struct txn *txn, const Kansen__V1__RoundOffer *offer, bool is_new) MUST_CHECK;
int round_offer_delete(struct txn *txn, uint64_t round, uint64_t offer) MUST_CHECK;

// Puts a student's list, and the entry of its pinned placement; old is the stored one or NULL.
int round_student_put(struct txn *txn, const Kansen__V1__RoundStudent *student,
                      const Kansen__V1__RoundStudent *old) MUST_CHECK;
// Removes a list, and the result with it.
int round_student_delete(struct txn *txn, const Kansen__V1__RoundStudent *old) MUST_CHECK;
int round_unfinished_put(struct txn *txn, const Kansen__V1__RoundStudent *parts) MUST_CHECK;
int round_unfinished_delete(struct txn *txn, const Kansen__V1__RoundStudent *parts) MUST_CHECK;
int round_objection_put(struct txn *txn, const Kansen__V1__RoundObjection *objection) MUST_CHECK;
int round_objection_delete(struct txn *txn, const Kansen__V1__RoundObjection *objection) MUST_CHECK;
int round_result_put(struct txn *txn, uint64_t round, const uint8_t ref[ROUND_REF_BYTES],
                     const Kansen__V1__RoundResult *result) MUST_CHECK;

#endif
