// SPDX-License-Identifier: Apache-2.0
// What the parts of the offline check share. Only store/check*.c may include this.
#ifndef STORE_CHECK_STATE_H
#define STORE_CHECK_STATE_H

#include "base/arena.h"
#include "store/check.h"
#include "store/internal.h"
#include <kansen/v1/command.pb-c.h>
#include <stdio.h>
#include <xxhash.h>

struct check {
    struct txn *txn;
    FILE *out;
    struct arena *arena; // of one step; reset behind it
    uint64_t problems;
    uint64_t expected[TABLE_COUNT]; // entries that the records ask for, in the tables that are derived
    uint64_t slots;                 // of blocks, that stand for an offer
    XXH3_state_t *digest;
    const struct progress_sink *sink; // NULL = nobody wants to know
    uint64_t walked, total;           // entries
    struct check_summary summary;
};

// Tells a problem; the first hundred are shown.
void check_problem(struct check *check, const char *format, ...) PRINTF_LIKE(2, 3);

// Unpacks a record into *out and takes it into the digest. Damage is a problem and gives NULL, not the end of
// the check. 0 or a fault.
int check_unpack(struct check *check, const char *what, const MDB_val *key, const MDB_val *value,
                 const ProtobufCMessageDescriptor *type, void *out) MUST_CHECK;

// The same for a record that is in no digest: it follows from others, or is not kept for long.
int check_unpack_aside(struct check *check, const char *what, const MDB_val *key, const MDB_val *value,
                       const ProtobufCMessageDescriptor *type, void *out) MUST_CHECK;

// Steps for each entry of a table. 0 or a fault.
int check_placement(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_client(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_token(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_round(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_round_plan(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_round_place(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_round_offer(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_round_student(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_round_objection(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_round_result(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_due(struct check *check, const MDB_val *key, const MDB_val *value) MUST_CHECK;
int check_block(struct check *check, const MDB_val *key,
                const MDB_val *value) MUST_CHECK; // of TABLE_BLOCK_BODY

// Whether there are as many slots of blocks that stand for an offer, and as many cards, as there are offers,
// once blocks and offers were walked. 0 or a fault.
int check_slots(struct check *check) MUST_CHECK;

// Whether an offer's seats taken are the placements that take one. 0 or a fault.
struct offer_row;
int check_seats(struct check *check, const struct offer_row *row) MUST_CHECK;

#endif
