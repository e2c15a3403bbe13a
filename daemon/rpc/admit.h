// SPDX-License-Identifier: Apache-2.0
// Whether a request may run, before it is unpacked. Any thread.
#ifndef RPC_ADMIT_H
#define RPC_ADMIT_H

#include "base/attr.h"
#include "base/fault.h"

struct request_row;
struct service;
struct session;
struct wire_peek;

// Finds the row of the request that these outermost bytes ask for, and asks whether the session may, now. 0
// with *out set, or FAULT.
int admit_request(const struct service *service, const struct session *session,
                  const struct wire_peek *outside, const struct request_row **out,
                  struct fault *fault) MUST_CHECK;

#endif
