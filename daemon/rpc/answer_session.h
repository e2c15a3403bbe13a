// SPDX-License-Identifier: Apache-2.0
// Handlers: the session itself, and figures about the daemon. See call_handler in rpc/call.h.
#ifndef RPC_ANSWER_SESSION_H
#define RPC_ANSWER_SESSION_H

#include "rpc/call.h"

call_handler answer_session_hello;  // opens the session
call_handler answer_session_ping;   // gives the payload back
call_handler answer_session_health; // grpc.health.v1
call_handler answer_session_status; // needs the snapshot

#endif
