// SPDX-License-Identifier: Apache-2.0
// The detailed part of Status: what kansenctl top shows.
#ifndef RPC_ANSWER_DETAILS_H
#define RPC_ANSWER_DETAILS_H

#include "rpc/call.h"

// Sets answer->details, in the call's arena. 0 or STORE_FAULT_MEMORY.
int answer_details_fill(struct call *call, Kansen__V1__StatusResponse *answer) MUST_CHECK;

#endif
