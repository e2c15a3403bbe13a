// SPDX-License-Identifier: Apache-2.0
// Handlers: placements, one or a page, and how often a partner declined. What the caller may not see is not
// there for it (rpc/sight.h). See call_handler in rpc/call.h.
#ifndef RPC_ANSWER_PLACEMENT_H
#define RPC_ANSWER_PLACEMENT_H

#include "rpc/call.h"

call_handler answer_placement_get;
call_handler answer_placement_list;
call_handler answer_placement_count_declines;

#endif
