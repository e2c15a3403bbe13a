// SPDX-License-Identifier: Apache-2.0
// Writes on their way from a request to a job for the writer, and back to an answer. A worker's thread.
#ifndef RPC_WRITES_H
#define RPC_WRITES_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include <kansen/v1/protocol.pb-c.h>
#include <stdbool.h>

#define WRITES_RESULT_MAX 640u // bytes of the result of one write: a whole status and four numbers

struct job;
struct service;
struct session;
struct txn;

#define WRITES_BUSY 4 // the queue is full; its worker is told when there is room

// Makes a job's list of writes from a request that was unpacked into the job's arena, with what the caller
// has filled in of the job, and pushes it. txn is a snapshot where writes_want_snapshot says so, else NULL.
// 0: the queue owns the job. Otherwise the caller still owns it: FAULT, WRITES_BUSY, or STORE_FAULT_MEMORY.
int writes_submit(struct service *service, struct txn *txn, struct job *job,
                  const Kansen__V1__Request *request, struct fault *fault) MUST_CHECK;

// Whether a request needs a look at the store before it is queued.
bool writes_want_snapshot(const Kansen__V1__Request *request);

// Fills in of a job who asks: what the writer needs to know of the session.
void writes_say_who(struct job *job, const struct session *session);

// Whether the job may have shut somebody out.
bool writes_shut_out(const struct job *job);

// Bytes that the answer to this request, a write or a batch, takes at most.
size_t writes_answer_max(const struct service *service, const Kansen__V1__Request *request);

// The code of a job that came back: of all of it, or of its only write.
enum code writes_outcome(const struct job *job);

// The number of the request that a job came by.
uint32_t writes_request(const struct job *job);

// Adds the answer to a job that came back. 0 or -ENOMEM.
int writes_answer(const struct service *service, const struct job *job, struct buf *out) MUST_CHECK;

#endif
