// SPDX-License-Identifier: Apache-2.0
// Handlers: partners and offers, one or a page. See call_handler in rpc/call.h.
#ifndef RPC_ANSWER_REGISTRY_H
#define RPC_ANSWER_REGISTRY_H

#include "rpc/call.h"

call_handler answer_registry_get_partner;
call_handler answer_registry_get_offer;
call_handler answer_registry_list_partners;
call_handler answer_registry_list_offers;

#endif
