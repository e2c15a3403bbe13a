// SPDX-License-Identifier: Apache-2.0
// Placements and what hangs on them: seats, waiting lists, holds, times that are due, students, kept answers.
// A placement's record, its entries in the reverse tables, and the seats taken in its offer's row change
// together. All functions: 0, STORE_E_NOT_FOUND where there is nothing, or a fault; outputs are set on 0
// only.
#ifndef STORE_PLACEMENT_H
#define STORE_PLACEMENT_H

#include "base/arena.h"
#include "base/attr.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

struct txn;

#define STUDENT_HASH_BYTES 32u // keyed BLAKE2b of client and reference
#define STUDENT_ID_BYTES   16u // random

// ---- Facts about states. Pure.

bool placement_takes_seat(Kansen__V1__PlacementState state);
bool placement_is_live(Kansen__V1__PlacementState state);  // may still move
bool placement_has_turn(Kansen__V1__PlacementState state); // waits, or is in the draw

// ---- Reading

int placement_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__Placement **out) MUST_CHECK;
int placement_next(struct txn *txn, uint64_t after, struct arena *arena,
                   Kansen__V1__Placement **out) MUST_CHECK;

// The smallest placement above *placement of the offer that is live or completed (set *placement to 0 to
// start).
int seat_next(struct txn *txn, uint64_t offer, uint64_t *placement) MUST_CHECK;

// The next one of the offer that waits or is in the draw, in order (set both to 0 to start).
struct turn {
    uint64_t turn, placement;
};
int turn_next(struct txn *txn, uint64_t offer, struct turn *turn,
              Kansen__V1__PlacementState *state) MUST_CHECK;

// The random id behind a hash; the live placement of a student at an offer.
int student_find(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES],
                 uint8_t id[STUDENT_ID_BYTES]) MUST_CHECK;

// The mapping behind the one with this hash, in the order of the hashes (NULL to start).
int student_next(struct txn *txn, const uint8_t *after, uint8_t hash[STUDENT_HASH_BYTES],
                 uint8_t id[STUDENT_ID_BYTES]) MUST_CHECK;

// When that mapping came into being, microseconds since 1970; 0 if that is so long ago that it was not kept.
int student_since(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES], int64_t *time_us) MUST_CHECK;
int student_seat_find(struct txn *txn, const uint8_t id[STUDENT_ID_BYTES], uint64_t offer,
                      uint64_t *placement) MUST_CHECK;

// How many live placements a student has, and how many holds a client has; counted up to `most`.
int student_seat_count(struct txn *txn, const uint8_t id[STUDENT_ID_BYTES], uint32_t most,
                       uint32_t *count) MUST_CHECK;
int hold_count(struct txn *txn, const char *client, uint32_t most, uint32_t *count) MUST_CHECK;

// How often a partner declined for the smallest reason above *reason (set it to 0 to start).
int decline_next(struct txn *txn, uint64_t partner, uint32_t *reason, uint64_t *count) MUST_CHECK;

// What is due first.
enum due_kind {
    DUE_LEASE = 1,   // a hold runs out: id of a placement
    DUE_RESERVE = 2, // a reserve opens: id of an offer
    DUE_DRAW = 3,    // the seats are drawn: id of an offer
};
struct due {
    int64_t time_us;
    enum due_kind kind;
    uint64_t id;
};
int due_first(struct txn *txn, struct due *due) MUST_CHECK;

// The answer kept under a client's idempotency key; the oldest time at which one was kept.
int answer_get(struct txn *txn, const char *client, const char *key, struct arena *arena,
               Kansen__V1__KeptAnswer **out) MUST_CHECK;
int answer_oldest(struct txn *txn, int64_t *time_us) MUST_CHECK;

// ---- Writing, in a write transaction. 0 or a fault.

// Puts a placement; old is the stored one, or NULL for a new one. Its offer must be there.
int placement_put(struct txn *txn, const Kansen__V1__Placement *placement,
                  const Kansen__V1__Placement *old) MUST_CHECK;

// A mapping that comes into being at a time; and one that goes. Its bytes stay in free pages and in gaps of
// pages until something else is written there (store/compact.h).
int student_put(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES], const uint8_t id[STUDENT_ID_BYTES],
                int64_t since_us) MUST_CHECK;
int student_delete(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES]) MUST_CHECK;
int decline_add(struct txn *txn, uint64_t partner, Kansen__V1__DeclineReason reason) MUST_CHECK;
int due_put(struct txn *txn, const struct due *due) MUST_CHECK;
int due_delete(struct txn *txn, const struct due *due) MUST_CHECK; // one that is not there is fine
int answer_put(struct txn *txn, const char *client, const char *key,
               const Kansen__V1__KeptAnswer *answer) MUST_CHECK;

// Removes at most `most` answers kept before a time.
int answer_purge(struct txn *txn, int64_t before_us, unsigned most) MUST_CHECK;

#endif
