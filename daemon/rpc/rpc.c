// SPDX-License-Identifier: Apache-2.0
// The way of each request from bytes to an answer: look at the outermost bytes, find the
// row, ask whether the session may, unpack, run. Bytes that are no request are told so before anything else.
// Invariant: the read transaction is open only between the first request that needs it and rpc_pause(), so
// never while the loop waits. A read that turns out to be too large for the loop is given up and its bytes
// handed to a reading thread, where this same code answers them.
#include "rpc/rpc.h"
#include "auth/login.h"
#include "base/clock.h"
#include "base/log.h"
#include "rpc/admit.h"
#include "rpc/call.h"
#include "rpc/handover.h"
#include "rpc/limits.h"
#include "rpc/reply.h"
#include "rpc/requests.h"
#include "rpc/service.h"
#include "rpc/session_quota.h"
#include "rpc/tally.h"
#include "rpc/watch.h"
#include "rpc/wire.h"
#include "rpc/writes.h"
#include "store/client.h"
#include "store/store.h"
#include "work/job.h"
#include "work/queue.h"
#include "work/writer.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rpc_env {
    struct service *service;
    const struct limits *limits; // as of the request at hand
    unsigned worker;
    struct txn *txn;
    bool begun;                // txn is open
    uint64_t generation;       // client_generation before it was begun
    struct arena *arena;       // of the request at hand
    struct arena *scratch;     // of a handler
    size_t max_elements;       // of a repeated field
    uint64_t answered;         // requests that are not counted in the service yet
    struct tally *tally;       // NULL = nobody counts
    enum code told;            // how the request at hand was answered
    struct fault fault;        // of the request at hand
    struct effort effort;      // of the request at hand
    uint64_t worked;           // units of effort since the last pause
    const _Atomic bool *ended; // NULL on a loop

    // The field that may have more elements, as long as a frame: a student's list in a round.
    const ProtobufCFieldDescriptor *unbounded;
};

// A request on its way through this file.
struct incoming {
    struct session *session;
    const uint8_t *payload;
    size_t len;
    struct wire_peek outside;
    int64_t arrived_us;
    struct fault *fault;
};

struct rpc_env *
rpc_env_new(struct service *service, unsigned worker, const _Atomic bool *ended)
{
    struct rpc_env *env = calloc(1, sizeof *env);

    if (env == NULL)
        return NULL;
    env->service = service;
    env->limits = service_limits(service);
    env->worker = worker;
    env->ended = ended;
    env->max_elements =
        service->max_batch_writes > WIRE_ELEMENTS_MAX ? service->max_batch_writes : WIRE_ELEMENTS_MAX;
    env->unbounded =
        protobuf_c_message_descriptor_get_field_by_name(&kansen__v1__submit_round_list__descriptor, "offers");
    env->arena = arena_new(service->request_memory);
    env->scratch = arena_new(service->request_memory);
    if (env->arena == NULL || env->scratch == NULL || txn_new_read(service->store, &env->txn) != 0) {
        rpc_env_free(env);
        return NULL;
    }
    env->tally = tallies_claim(service->tallies);
    return env;
}

void
rpc_env_free(struct rpc_env *env)
{
    if (env == NULL)
        return;
    txn_free(env->txn);
    arena_free(env->arena);
    arena_free(env->scratch);
    free(env);
}

void
rpc_pause(struct rpc_env *env)
{
    if (env->begun)
        txn_end(env->txn);
    env->begun = false;
    if (env->answered > 0)
        atomic_fetch_add_explicit(&env->service->requests, env->answered, memory_order_relaxed);
    env->answered = 0;
    tally_flush(env->tally);
    env->worked = 0;
}

bool
rpc_is_tired(const struct rpc_env *env)
{
    uint64_t budget = env->limits->read_budget;

    return budget != 0 && env->worked >= budget;
}

// ---- Unpacking and refusing

// Unpacks into arena. 0, FAULT or WIRE_MALFORMED.
static int
unpack(struct rpc_env *env, struct incoming *in, struct arena *arena, Kansen__V1__Request **out)
{
    struct wire_input input = {&kansen__v1__request__descriptor, in->payload, in->len, env->max_elements,
                               env->unbounded};
    ProtobufCMessage *request = NULL;
    int rc = wire_unpack(&input, arena, &request, in->fault);

    if (rc == -ENOMEM) {
        counters_add(&env->service->counters, COUNTER_REQUEST_MEMORY);
        writer_fault(in->fault, STORE_FAULT_MEMORY);
        return FAULT;
    }
    *out = (Kansen__V1__Request *)request;
    return rc;
}

// Tells the fault; what is no request at all has no id and ends the connection.
static int
refuse(struct rpc_env *env, struct incoming *in, int rc, struct buf *out)
{
    env->told = in->fault->code;
    counters_add_code(&env->service->counters, in->fault->code);
    if (rc != WIRE_MALFORMED)
        return reply_fault(out, in->outside.id, in->fault);
    counters_add(&env->service->counters, COUNTER_FRAME_MALFORMED);
    rc = rpc_answer_fault(in->fault, out);
    return rc != 0 ? rc : (int)RPC_CLOSE;
}

static int64_t
deadline_of(const struct incoming *in, const Kansen__V1__Request *request)
{
    return request->deadline_ms == 0 ? 0 : in->arrived_us + (int64_t)request->deadline_ms * 1000;
}

// ---- Reads

static int
begin(struct rpc_env *env)
{
    int rc = 0;

    if (!env->begun) {
        env->generation = client_generation(env->service->store); // never newer than the snapshot
        rc = txn_begin(env->txn);
    }
    env->begun = rc == 0;
    return rc;
}

// Runs the handler. 0, FAULT, a store fault or an effort_outcome.
static int
run_handler(struct rpc_env *env, struct incoming *in, const struct request_row *row, struct call *call)
{
    int64_t deadline = deadline_of(in, call->request);
    int rc = 0;

    if (deadline != 0 && clock_steady_us() > deadline)
        return fault_set(&call->fault, CODE_DEADLINE_EXCEEDED, "deadline_ms",
                         "the deadline passed before the request was begun");
    env->effort = handover_effort(env->service, env->limits, env->ended, deadline);
    if ((row->access & REQUEST_READS) != 0) {
        rc = begin(env);
        call->txn = env->txn;
        call->generation = env->generation;
    }
    return rc != 0 ? rc : row->handler(call);
}

// Member by member: clearing the texts of the fault would cost more than a small request.
static void
begin_call(struct rpc_env *env, const struct incoming *in, const Kansen__V1__Request *request,
           struct buf *out, struct call *call)
{
    call->service = env->service;
    call->session = in->session;
    call->worker = env->worker;
    call->request = request;
    call->txn = NULL;
    call->effort = &env->effort;
    call->arena = env->arena;
    call->scratch = env->scratch;
    call->fault.code = CODE_OK;
    kansen__v1__response__init(&call->response);
    call->response.id = in->outside.id;
    call->out = out;
    call->encoded = false;
}

static int
hand_over(struct rpc_env *env, const struct incoming *in, struct fault *fault)
{
    int rc = handover_push(env->service,
                           &(struct handover){.worker = env->worker,
                                              .session = in->session,
                                              .payload = in->payload,
                                              .len = in->len,
                                              .arrived_us = in->arrived_us},
                           fault);

    if (rc == 0)
        in->session->due += env->service->max_frame;
    return rc;
}

// Counts and logs a read that ends with a fault.
static void
tell_failed(struct rpc_env *env, const struct request_row *row, int rc, const struct fault *fault)
{
    const struct log *log = env->service->log;

    if (rc == STORE_FAULT_MEMORY) {
        counters_add(&env->service->counters, COUNTER_REQUEST_MEMORY);
        LOG_INFO(log, "rpc", "memory was too short for a request", LOG_TEXT("request", row->name));
    } else if (rc < 0) {
        LOG_ERROR(log, "rpc", "a request failed", LOG_TEXT("request", row->name),
                  LOG_TEXT("fault", store_fault_text(rc)));
    } else {
        counters_add_code(&env->service->counters, fault->code);
    }
}

static int
answer_read(struct rpc_env *env, struct incoming *in, const struct request_row *row,
            const Kansen__V1__Request *request, struct buf *out)
{
    Kansen__V1__Status status;
    size_t before = buf_len(out);
    struct call call;
    int rc;

    begin_call(env, in, request, out, &call);
    rc = run_handler(env, in, row, &call);
    env->worked += handover_used(env->service, env->limits, &env->effort);
    if (rc == 0 && call.encoded)
        return 0;
    if (rc == 0)
        return reply_told(out, env->service->max_frame, &call.response, &env->told);
    buf_truncate(out, before); // what the handler had begun to write
    if (rc == CALL_TASK) {
        in->session->due += env->service->max_frame;
        return RPC_TASK;
    }
    if (rc == EFFORT_E_LATE)
        rc = handover_late(&env->effort, deadline_of(in, request), &call.fault);
    if (rc == EFFORT_E_SPENT && (rc = hand_over(env, in, &call.fault)) == 0)
        return RPC_READING;
    tell_failed(env, row, rc, &call.fault);
    if (rc < 0)
        writer_fault(&call.fault, rc);
    env->told = call.fault.code;
    reply_status(&status, &call.fault);
    call.response.status = &status; // beside a body where the handler has set one: where a watch may begin
    rc = reply_response(out, env->service->max_frame, &call.response);
    return rc == 0 && in->session->refusals >= SESSION_TRIES ? (int)RPC_CLOSE : rc;
}

// ---- Whether the caller may still call

// What can be seen without a look at the store: most requests are not held up by more than this.
static bool
is_in_doubt(const struct rpc_env *env, const struct session *session, int64_t now_us)
{
    return session->identity.listed && (session->generation != client_generation(env->service->store) ||
                                        (session->expires_us != 0 && now_us >= session->expires_us));
}

// Looks in a snapshot that begins now. 0, FAULT with the fault set, or a store fault.
static int
look_again(struct rpc_env *env, struct session *session, struct fault *fault)
{
    int rc;

    if (env->begun)
        txn_end(env->txn);
    env->begun = false;
    rc = begin(env);
    if (rc == 0)
        rc = login_stands(env->txn, &session->identity, clock_wall_us(), env->scratch, fault);
    arena_reset(env->scratch);
    if (rc == 0)
        session->generation = env->generation;
    return rc;
}

// Ends the watches and tells why, with id 0. rc is what look_again said. RPC_ENDED or -ENOMEM.
static int
end_session(struct rpc_env *env, struct session *session, int rc, struct fault *fault, struct buf *out)
{
    if (rc < 0) // nobody knows, so it may not
        writer_fault(fault, rc);
    session->open = false;
    session_quota_leave(env->service, session);
    rc = watch_end_all(&session->watches, fault, out);
    if (rc == 0)
        rc = rpc_answer_fault(fault, out);
    return rc == 0 ? (int)RPC_ENDED : rc;
}

int
rpc_check(struct rpc_env *env, struct session *session, struct buf *out)
{
    struct fault fault;
    int rc = session->open && session->identity.listed ? look_again(env, session, &fault) : 0;

    return rc == 0 ? (int)RPC_ANSWERED : end_session(env, session, rc, &fault, out);
}

// ---- Watches

int
rpc_feed(struct rpc_env *env, struct session *session, size_t room, struct buf *out, struct watch_fed *fed)
{
    struct watch_feed feed = {.service = env->service,
                              .session = session,
                              .txn = env->txn,
                              .arena = env->arena,
                              .scratch = env->scratch,
                              .now_us = clock_steady_us(),
                              .room = room};
    struct fault fault;
    int rc = is_in_doubt(env, session, feed.now_us) ? look_again(env, session, &fault) : begin(env);

    if (rc == 0)
        return watch_feed(&feed, out, fed);
    *fed = (struct watch_fed){.ended = true};
    if (rc < 0)
        writer_fault(&fault, rc);
    return watch_end_all(&session->watches, &fault, out);
}

// ---- Writes

static int
submit(struct rpc_env *env, struct incoming *in, struct job *job)
{
    Kansen__V1__Request *request;
    int rc = unpack(env, in, job->arena, &request);
    size_t due;

    if (rc != 0)
        return rc;
    due = job->due = writes_answer_max(env->service, request);
    job->worker = env->worker;
    job->request = in->outside.id;
    job->arrived_us = in->arrived_us;
    job->deadline_us = deadline_of(in, request);
    writes_say_who(job, in->session);
    if (writes_want_snapshot(request))
        rc = begin(env);
    if (rc == 0)
        rc = writes_submit(env->service, env->begun ? env->txn : NULL, job, request, in->fault);
    if (rc == 0)
        in->session->due += due; // the job is the writer's now
    if (rc == STORE_FAULT_MEMORY) {
        counters_add(&env->service->counters, COUNTER_REQUEST_MEMORY);
        writer_fault(in->fault, rc);
        return FAULT;
    }
    return rc;
}

static int
queue_write(struct rpc_env *env, struct incoming *in, struct buf *out)
{
    struct job *job;
    int rc;

    if (queue_admits(env->service->queue, env->worker, in->len) == QUEUE_E_FULL)
        return RPC_BUSY; // before any work is done for it
    job = job_new(env->service->request_memory);
    if (job == NULL) {
        writer_fault(in->fault, STORE_FAULT_MEMORY);
        return refuse(env, in, FAULT, out);
    }
    rc = submit(env, in, job);
    if (rc == 0)
        return RPC_QUEUED;
    job_free(job);
    return rc == WRITES_BUSY ? (int)RPC_BUSY : refuse(env, in, rc, out);
}

// ---- All

static int
handle(struct rpc_env *env, struct incoming *in, struct buf *out)
{
    Kansen__V1__Request *request;
    const struct request_row *row = NULL;
    int refused, rc;

    wire_peek(&kansen__v1__request__descriptor, in->payload, in->len, &in->outside);
    env->told = CODE_OK;
    if (!session_quota_take(env->service, in->session, in->outside.body, in->fault))
        return refuse(env, in, FAULT, out); // before any work is done for it
    refused = admit_request(env->service, in->session, &in->outside, &row, in->fault);
    if (refused == 0 && (row->access & REQUEST_WRITES) != 0)
        return queue_write(env, in, out); // unpacks into the job
    rc = unpack(env, in, env->arena, &request);
    if (rc != 0 || refused != 0)
        return refuse(env, in, rc, out);
    return answer_read(env, in, row, request, out);
}

int
rpc_handle(struct rpc_env *env, struct session *session, int64_t arrived_us, const uint8_t *payload,
           size_t len, struct buf *out)
{
    struct incoming in = {
        .session = session, .payload = payload, .len = len, .arrived_us = arrived_us, .fault = &env->fault};
    int rc = RPC_ANSWERED;

    env->limits = service_limits(env->service);
    if (is_in_doubt(env, session, arrived_us))
        rc = rpc_check(env, session, out);
    if (rc == RPC_ANSWERED)
        rc = handle(env, &in, out);
    arena_reset(env->arena);
    arena_reset(env->scratch);
    if (rc == RPC_ANSWERED || rc == RPC_CLOSE)
        rpc_count(env, in.outside.body, env->told, arrived_us);
    else if (rc == RPC_BUSY)
        session_quota_put_back(session);
    return rc;
}

int
rpc_may_answer(struct rpc_env *env, struct session *session, struct buf *out)
{
    session->due -= env->service->max_frame;
    if (!session->open) // it has ended since
        return RPC_ENDED;
    return is_in_doubt(env, session, clock_steady_us()) ? rpc_check(env, session, out) : (int)RPC_ANSWERED;
}

int
rpc_answer_job(struct rpc_env *env, struct session *session, const struct job *job, struct buf *out)
{
    struct fault fault;
    int rc = 0, told = 0;

    session->due -= job->due;
    if (!session->open) // it has ended since
        return RPC_ENDED;
    if (is_in_doubt(env, session, clock_steady_us()))
        rc = look_again(env, session, &fault);
    if (rc == 0 || writes_shut_out(job)) {
        counters_add_code(&env->service->counters, writes_outcome(job));
        rpc_count(env, writes_request(job), writes_outcome(job), job->arrived_us);
        told = writes_answer(env->service, job, out);
    }
    if (told != 0)
        return told;
    return rc == 0 ? (int)RPC_ANSWERED : end_session(env, session, rc, &fault, out);
}

void
rpc_count(struct rpc_env *env, uint32_t body, enum code code, int64_t began_us)
{
    env->answered++;
    tally_answer(env->tally, body, code, began_us);
}

int
rpc_answer_fault(const struct fault *fault, struct buf *out)
{
    return reply_fault(out, 0, fault);
}
