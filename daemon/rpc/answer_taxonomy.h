// SPDX-License-Identifier: Apache-2.0
// Handlers: interests, regions and postcodes. See call_handler in rpc/call.h.
#ifndef RPC_ANSWER_TAXONOMY_H
#define RPC_ANSWER_TAXONOMY_H

#include "rpc/call.h"

call_handler answer_taxonomy_list_interests;
call_handler answer_taxonomy_list_regions;
call_handler answer_taxonomy_list_postcodes;
call_handler answer_taxonomy_find_interests;
call_handler answer_taxonomy_find_regions;

#endif
