// SPDX-License-Identifier: Apache-2.0
// Handlers: matches and explanations. See call_handler in rpc/call.h.
#ifndef RPC_ANSWER_MATCH_H
#define RPC_ANSWER_MATCH_H

#include "rpc/call.h"

call_handler answer_match_match;
call_handler answer_match_explain;

#endif
