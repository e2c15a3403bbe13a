// SPDX-License-Identifier: Apache-2.0
// What a session holds against the limits of its caller: those of the token by which it came, or, where a
// certificate said who calls, those of the client. Sessions of the unix socket without a token have none. The
// worker's thread.
#ifndef RPC_SESSION_QUOTA_H
#define RPC_SESSION_QUOTA_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stdint.h>

struct identity;
struct service;
struct session;

// A Hello has shown that this identity calls, before it becomes the session's: holds the session against its
// limits. 0; FAULT when it has too many connections, or STORE_FAULT_MEMORY, and the session is as it was.
int session_quota_enter(struct service *service, struct session *session, const struct identity *identity,
                        struct fault *fault) MUST_CHECK;

// The session may call no more or is gone. What was left before, or never entered, is fine.
void session_quota_leave(struct service *service, struct session *session);

// Takes a request, by the number of its field in Request, out of the bucket. False, with the fault set and
// counted, when there is none in it. Ping and Health are free.
bool session_quota_take(struct service *service, struct session *session, uint32_t body,
                        struct fault *fault) MUST_CHECK;

// Puts a request back that was not handled and comes again.
void session_quota_put_back(struct session *session);

#endif
