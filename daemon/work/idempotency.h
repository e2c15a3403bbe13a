// SPDX-License-Identifier: Apache-2.0
// Writes with an idempotency key are applied once: the first answer is kept, in the writes' own transaction,
// and given again to a repeat within 24 hours.
#ifndef WORK_IDEMPOTENCY_H
#define WORK_IDEMPOTENCY_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

struct job;
struct txn;

#define IDEMPOTENCY_KEY_MAX 128u // bytes

// Sets *repeated, and the job's, when the job's key was used before: the job then has the first results, or a
// fault when it asks for something else. What was told of a placement of a student who was forgotten since is
// refused instead. 0 or a store fault.
int idempotency_find(struct txn *txn, struct job *job, int64_t now_us, bool *repeated) MUST_CHECK;

// Keeps the results of a job that has a key. 0 or a store fault.
int idempotency_keep(struct txn *txn, const struct job *job, int64_t now_us) MUST_CHECK;

#endif
