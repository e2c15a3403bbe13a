// SPDX-License-Identifier: Apache-2.0
// One request under way, as the handlers in this folder see it.
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/effort.h"
#include "base/fault.h"
#include <kansen/v1/protocol.pb-c.h>
#include <stdbool.h>

struct buf;
struct service;
struct session;
struct txn;

struct call {
    struct service *service;
    struct session *session;
    unsigned worker; // whose loop it is
    const Kansen__V1__Request *request;
    struct txn *txn;       // begun; NULL for requests that need no snapshot
    uint64_t generation;   // client_generation before it was begun
    struct arena *arena;   // lives until the answer is packed
    struct effort *effort; // to be spent on whatever grows with the store
    struct arena *scratch; // for what is looked at and not kept; reset it at will
    struct fault fault;
    Kansen__V1__Response response; // the handler sets the body, in arena
    struct buf *out;               // or writes it here itself, by reply_begin
    bool encoded;                  // it did so
};

#define CALL_TASK 11 // a handler's: the job thread has it, its task comes back

// A handler: 0 with the response's body set or with the answer written by reply_begin; FAULT with the fault
// set, a store fault, CALL_TASK, or an effort_outcome, and then nothing that it wrote to out is sent.
typedef int call_handler(struct call *call);

#endif
