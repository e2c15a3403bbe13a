// SPDX-License-Identifier: Apache-2.0
// Handlers: clients and tokens, a page. A token's hash is in no answer. See call_handler in rpc/call.h.
#ifndef RPC_ANSWER_CLIENT_H
#define RPC_ANSWER_CLIENT_H

#include "rpc/call.h"

call_handler answer_client_list_clients;
call_handler answer_client_list_tokens;

#endif
