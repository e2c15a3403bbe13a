// SPDX-License-Identifier: Apache-2.0
// What a write on a round needs before it is queued: the student's reference in the round, the salt's
// commitment, a list that is made of a query. A worker's thread.
#ifndef RPC_ROUND_REFS_H
#define RPC_ROUND_REFS_H

#include "base/attr.h"
#include "base/fault.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct effort;
struct job;
struct service;
struct txn;

#define ROUND_REFS_EFFORT 400000u // units for all queries of one job: a few milliseconds of a loop

// Whether a write is one that round_refs_add is for.
bool round_refs_want(const Kansen__V1__Write *write);

// Fills in the secrets of write i of a job; a list that is asked for as a query becomes the offers that it
// gives, and the query is gone; what is refused goes with the secrets. effort is what all queries of the job
// may take. 0 or a store fault.
int round_refs_add(const struct service *service, struct txn *txn, struct job *job, size_t i,
                   struct effort *effort) MUST_CHECK;

// The issuer that a caller with this source ("" = any) means by what it gave. 0 or FAULT.
int round_refs_issuer(const char *source, const char *given, const char **issuer,
                      struct fault *fault) MUST_CHECK;

// The reference of a student in a round. 0, STORE_E_NOT_FOUND when there is no such round, or a store fault.
int round_refs_make(const struct service *service, struct txn *txn, const char *round, const char *issuer,
                    const char *student, uint8_t ref[32]) MUST_CHECK;

#endif
