// SPDX-License-Identifier: Apache-2.0
// What the operations on rounds share. 0, FAULT or a store fault.
#ifndef WORK_CHANGE_ROUND_H
#define WORK_CHANGE_ROUND_H

#include "base/attr.h"
#include "work/change.h"
#include "work/round_life.h"
#include <kansen/v1/round.pb-c.h>

// The round of this name.
int change_round_get(struct change *change, const char *name, Kansen__V1__Round **out) MUST_CHECK;

// Refuses what the state of a round does not allow: names the state and the steps that it allows.
int change_round_refuse(struct change *change, const Kansen__V1__Round *round, const char *what) MUST_CHECK;

// A copy that may be changed, at the command's time, one version on.
int change_round_begin(struct change *change, const Kansen__V1__Round *old,
                       Kansen__V1__Round **out) MUST_CHECK;

// The same moved on by an event, or refused.
int change_round_move(struct change *change, const Kansen__V1__Round *old, enum round_event event,
                      Kansen__V1__Round **out) MUST_CHECK;

// Puts a round that was begun, and notes it as what the write is about.
int change_round_done(struct change *change, const Kansen__V1__Round *round,
                      const Kansen__V1__Round *old) MUST_CHECK;

// Refuses a write on a student of which the worker made no reference. issuer as it was given.
int change_round_student(struct change *change, const char *student, const char *issuer) MUST_CHECK;

// Whether two actors of the journal are one operator: the same client, by whatever token.
bool change_round_same_operator(const char *a, const char *b);

// A copy of bytes in the command's arena. 0 or STORE_FAULT_MEMORY.
int change_round_bytes(struct change *change, const void *bytes, size_t len,
                       ProtobufCBinaryData *out) MUST_CHECK;

#endif
