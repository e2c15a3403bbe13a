// SPDX-License-Identifier: Apache-2.0
// Handlers of requests about rounds; see rpc/call.h.
#ifndef RPC_ANSWER_ROUND_H
#define RPC_ANSWER_ROUND_H

#include "base/attr.h"
#include "rpc/call.h"

int answer_round_get(struct call *call) MUST_CHECK;
int answer_round_list(struct call *call) MUST_CHECK;
int answer_round_student(struct call *call) MUST_CHECK;
int answer_round_objections(struct call *call) MUST_CHECK;
int answer_round_lines(struct call *call) MUST_CHECK;

#endif
