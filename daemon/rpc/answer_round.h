// SPDX-License-Identifier: Apache-2.0
// Handlers of requests about rounds; see rpc/call.h. Those on one student and on lines of the record stand in
// files of their own.
#ifndef RPC_ANSWER_ROUND_H
#define RPC_ANSWER_ROUND_H

#include "base/attr.h"
#include "rpc/call.h"
#include "work/round_lines.h"

int answer_round_get(struct call *call) MUST_CHECK;
int answer_round_list(struct call *call) MUST_CHECK;
int answer_round_student(struct call *call) MUST_CHECK;
int answer_round_objections(struct call *call) MUST_CHECK;
int answer_round_lines(struct call *call) MUST_CHECK;

// ---- Shared by them

// Units of effort for n places of a student's list: its record is read whole, their offers and classes too.
#define ANSWER_ROUND_EFFORT(student, n) (200u * ((n) + 1) + (student)->n_offers)

bool answer_round_is_operator(const struct call *call);

// The round of this name. 0, FAULT (field names it) or a store fault.
int answer_round_find(struct call *call, const char *field, const char *name,
                      Kansen__V1__Round **round) MUST_CHECK;

// What lines are made with. The places that a rule measures from are some thousands, so such a request is one
// for a reading thread. 0, an outcome of effort or a store fault.
int answer_round_open(struct call *call, const Kansen__V1__Round *round,
                      struct round_lines *lines) MUST_CHECK;

#endif
