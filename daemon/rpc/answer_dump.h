// SPDX-License-Identifier: Apache-2.0
// Streams of a store or a journal, which a client pulls piece by piece from a snapshot that its session
// holds. A worker's thread.
#ifndef RPC_ANSWER_DUMP_H
#define RPC_ANSWER_DUMP_H

#include "base/attr.h"
#include <stdint.h>

struct call;
struct dump;
struct service;
struct session;

// Handler; see rpc/call.h.
int answer_dump_dump(struct call *call) MUST_CHECK;

// Ends the snapshot of a session that goes, if it has one.
void answer_dump_leave(struct service *service, struct session *session);

// Ends it when its client has asked for nothing for a while: its pages are kept from all writes meanwhile.
void answer_dump_expire(struct service *service, struct session *session, int64_t now_us);

#endif
