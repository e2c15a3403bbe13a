// SPDX-License-Identifier: Apache-2.0
// Requests and their answers, without sockets: bytes of a request in, bytes of an answer out, or a job for
// the writer. Everything here belongs to one worker thread.
#ifndef RPC_RPC_H
#define RPC_RPC_H

#include "auth/role.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include "rpc/watch.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump;
struct job;
struct quota_token;
struct rpc_env;
struct service;

#define SESSION_TRIES 3u

struct session {
    struct identity identity;
    uint64_t connection;       // as the worker numbers it
    bool open;                 // Hello was answered OK
    unsigned refusals;         // of Hello; SESSION_TRIES end the connection
    uint64_t generation;       // client_generation as of which the caller could call
    int64_t expires_us;        // when its token stops to work, on the steady clock; 0 = never
    size_t due;                // bytes that the answers to writes and long reads under way may take
    struct quota_token *quota; // what its caller may take; NULL = no limit. Leave it before the session goes
    struct dump *dump;         // a stream that it pulls; NULL = none. Leave it before the session goes
    struct watches watches;    // what it follows; end or drop them before the session goes
};

// What a thread needs to answer: a read transaction and memory. Make and free it in that thread. NULL when
// memory is short. The service must outlive it. ended: NULL for a worker; for a reading thread, which answers
// what workers have handed over and hands nothing on, what is under way ends soon after *ended, which must
// outlive it, is true.
struct rpc_env *rpc_env_new(struct service *service, unsigned worker, const _Atomic bool *ended) MUST_CHECK;
void rpc_env_free(struct rpc_env *env);

enum rpc_result {
    RPC_ANSWERED = 0, // the answer is in out
    RPC_QUEUED,       // the writer has it; its job comes back through the worker's mailbox
    RPC_READING,      // the same of a reading thread and its reading
    RPC_TASK,         // the same of the job thread and its task
    RPC_BUSY,         // the write queue is full; call again with the same bytes after MAILBOX_ROOM
    RPC_CLOSE,        // the answer is in out; the connection can not go on
    RPC_ENDED,        // the same, as the caller may call no more: what it still waits for is not answered
};

// Handles one request, payload[0..len), whose bytes arrived at arrived_us (steady clock). A rpc_result, or
// -ENOMEM when not even an answer fits in memory. Nothing of payload is kept.
int rpc_handle(struct rpc_env *env, struct session *session, int64_t arrived_us, const uint8_t *payload,
               size_t len, struct buf *out) MUST_CHECK;

// Adds what the session's watches have to tell, while out holds less than room bytes (see watch_feed), from a
// snapshot that begins now unless one is open; call rpc_pause before and after. 0 or -ENOMEM.
int rpc_feed(struct rpc_env *env, struct session *session, size_t room, struct buf *out,
             struct watch_fed *fed) MUST_CHECK;

// Looks whether the caller of an open session may still call, and if not, ends its watches and tells it so
// with id 0. Whoever was shut out by a write is not answered any more once that write is: rpc_handle and
// rpc_feed look by themselves. RPC_ANSWERED when it may go on; RPC_ENDED; or -ENOMEM.
int rpc_check(struct rpc_env *env, struct session *session, struct buf *out) MUST_CHECK;

// Ends the snapshot that requests since the last call were answered from; call it before the loop goes on.
void rpc_pause(struct rpc_env *env);

// Whether requests since the last pause have taken so much work that others should have their turn.
bool rpc_is_tired(const struct rpc_env *env);

// Whether the answer to a reading or a task that came back may be told: RPC_ANSWERED; RPC_ENDED when the
// caller may call no more, which it was told, now or before; or -ENOMEM.
int rpc_may_answer(struct rpc_env *env, struct session *session, struct buf *out) MUST_CHECK;

// Adds the answer to a job that came back, unless the session's caller may call no more; who has shut itself
// out is told so first. RPC_ANSWERED, RPC_ENDED or -ENOMEM. The job stays the caller's.
int rpc_answer_job(struct rpc_env *env, struct session *session, const struct job *job,
                   struct buf *out) MUST_CHECK;

// Counts an answer that the caller adds: to the request with this number, which began then (steady clock).
void rpc_count(struct rpc_env *env, uint32_t body, enum code code, int64_t began_us);

// Adds an answer about a frame that could not be read, or about the connection as a whole: id 0. 0 or
// -ENOMEM.
int rpc_answer_fault(const struct fault *fault, struct buf *out) MUST_CHECK;

#endif
