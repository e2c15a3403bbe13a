// SPDX-License-Identifier: Apache-2.0
// Handlers of requests about copies of the store. See rpc/call.h.
#ifndef RPC_ANSWER_BACKUP_H
#define RPC_ANSWER_BACKUP_H

#include "base/attr.h"

struct call;

int answer_backup_backup(struct call *call) MUST_CHECK;

#endif
