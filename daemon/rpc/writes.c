// SPDX-License-Identifier: Apache-2.0
// A single write is a batch of one that is answered without the list.
#include "rpc/writes.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "base/effort.h"
#include "rpc/reply.h"
#include "rpc/round_refs.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "store/store.h"
#include "work/idempotency.h"
#include "work/job.h"
#include "work/lifecycle.h"
#include "work/queue.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define STUDENT_REFERENCE_MAX 200u // bytes
#define KEY_HEX_BYTES         (2 * SECRET_HASH_BYTES + 1)

static int
check_request(const struct service *service, const struct job *job, const Kansen__V1__Request *request,
              struct fault *fault)
{
    if (strlen(request->idempotency_key) > IDEMPOTENCY_KEY_MAX)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "idempotency_key",
                         "the key has %zu bytes; 1 to %u are allowed", strlen(request->idempotency_key),
                         IDEMPOTENCY_KEY_MAX);
    if (job->n_writes > service->max_batch_writes)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "writes", "%zu writes given; at most %u are allowed",
                         job->n_writes, service->max_batch_writes);
    return 0;
}

// The reference of a student in a write; NULL for writes that take none.
static const char *
student_of(const Kansen__V1__Write *write)
{
    switch (write->operation_case) {
    case KANSEN__V1__WRITE__OPERATION_RESERVE_PLACEMENT:
        return write->reserve_placement->student;
    case KANSEN__V1__WRITE__OPERATION_FORGET_STUDENT:
        return write->forget_student->student;
    case KANSEN__V1__WRITE__OPERATION_SUBMIT_ROUND_LIST:
        return write->submit_round_list->student;
    case KANSEN__V1__WRITE__OPERATION_WITHDRAW_ROUND_LIST:
        return write->withdraw_round_list->student;
    case KANSEN__V1__WRITE__OPERATION_OBJECT_TO_ROUND:
        return write->object_to_round->student;
    default:
        return NULL;
    }
}

// One that is too long is told by the command, in its turn: one write of a batch does not stop the others.
static int
add_student(const struct service *service, struct job *job, size_t i, const char *student)
{
    if (strlen(student) > STUDENT_REFERENCE_MAX) {
        struct fault *fault = arena_alloc(job->arena, sizeof *fault);

        if (fault == NULL)
            return STORE_FAULT_MEMORY;
        job->secrets[i].fault = fault;
        (void)fault_set(fault, CODE_INVALID_ARGUMENT, "student",
                        "the reference has %zu bytes; 1 to %u are allowed", strlen(student),
                        STUDENT_REFERENCE_MAX);
        return 0;
    }
    job->secrets[i].has_student = student[0] != '\0';
    secret_hash_student(service->secret, job->client, student, job->secrets[i].student_hash);
    secret_random(job->secrets[i].random, sizeof job->secrets[i].random);
    return 0;
}

// Makes a token: its hash goes with the command, its text stays with the job until that is answered.
static int
add_token(const struct service *service, struct job *job, size_t i)
{
    uint8_t bytes[TOKEN_BYTES];

    if (job->tokens == NULL)
        job->tokens = arena_array(job->arena, job->n_writes, sizeof(char *));
    if (job->tokens != NULL)
        job->tokens[i] = arena_alloc(job->arena, TOKEN_TEXT_MAX);
    if (job->tokens == NULL || job->tokens[i] == NULL)
        return STORE_FAULT_MEMORY;
    secret_random(bytes, sizeof bytes);
    secret_hash_token(service->secret, bytes, sizeof bytes, job->secrets[i].token_hash);
    token_write(bytes, job->tokens[i]);
    explicit_bzero(bytes, sizeof bytes);
    return 0;
}

// Turns references into hashes, makes tokens and adds chance, so that the command carries all of it and the
// writer needs neither key nor dice. 0 or a store fault.
static int
add_secrets(const struct service *service, struct txn *txn, struct job *job)
{
    struct effort effort = {.left = ROUND_REFS_EFFORT};
    int rc = 0;

    for (size_t i = 0; i < job->n_writes && rc == 0; i++) {
        const bool issues = job->writes[i]->operation_case == KANSEN__V1__WRITE__OPERATION_ISSUE_TOKEN;
        const char *student = student_of(job->writes[i]);

        const bool of_round = round_refs_want(job->writes[i]);

        if (student == NULL && !issues && !of_round)
            continue;
        if (job->secrets == NULL)
            job->secrets = arena_array(job->arena, job->n_writes, sizeof job->secrets[0]);
        if (job->secrets == NULL)
            return STORE_FAULT_MEMORY;
        if (issues)
            rc = add_token(service, job, i);
        else if (student != NULL)
            rc = add_student(service, job, i, student);
        if (rc == 0 && of_round && job->secrets[i].fault == NULL)
            rc = round_refs_add(service, txn, job, i, &effort);
    }
    return rc;
}

// Digests the writes, so that a repeat under the same key can be told from another request. The key is kept
// as a hash, as it may be made of a reference.
static int
add_key(const struct service *service, struct job *job, const Kansen__V1__Request *request)
{
    Kansen__V1__BatchRequest all = KANSEN__V1__BATCH_REQUEST__INIT;
    uint8_t *bytes, hash[SECRET_HASH_BYTES];
    char *hex;
    size_t len;

    if (request->idempotency_key[0] == '\0')
        return 0;
    hex = arena_alloc(job->arena, KEY_HEX_BYTES);
    if (hex == NULL)
        return STORE_FAULT_MEMORY;
    secret_hash_key(service->secret, job->client, request->idempotency_key, hash);
    job->key = sodium_bin2hex(hex, KEY_HEX_BYTES, hash, sizeof hash);
    all.n_writes = job->n_writes;
    all.writes = job->writes;
    len = kansen__v1__batch_request__get_packed_size(&all);
    bytes = arena_alloc(job->arena, len);
    if (bytes == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__batch_request__pack(&all, bytes);
    secret_digest(service->secret, bytes, len, job->digest);
    return 0;
}

// The roles as the writer knows them.
static unsigned
movers_of(enum role role)
{
    switch (role) {
    case ROLE_OPERATOR:
        return MOVER_OPERATOR;
    case ROLE_PORTAL:
        return MOVER_PORTAL;
    case ROLE_PARTNER:
        return MOVER_PARTNER;
    case ROLE_REGISTRAR:
        return MOVER_REGISTRAR;
    default:
        return 0;
    }
}

void
writes_say_who(struct job *job, const struct session *session)
{
    const struct identity *identity = &session->identity;

    job->connection = session->connection;
    snprintf(job->actor, sizeof job->actor, "%s", identity->actor);
    snprintf(job->client, sizeof job->client, "%s", identity->client);
    snprintf(job->source, sizeof job->source, "%s", identity->source);
    job->movers = movers_of(identity->role);
    job->partner = identity->partner;
    job->standing =
        (struct job_standing){identity->listed, identity->token, identity->expires_us, session->generation};
}

bool
writes_shut_out(const struct job *job)
{
    for (size_t i = 0; i < job->n_writes; i++) {
        if (job->writes[i]->operation_case == KANSEN__V1__WRITE__OPERATION_REVOKE_TOKEN ||
            job->writes[i]->operation_case == KANSEN__V1__WRITE__OPERATION_SET_CLIENT_STATUS ||
            job->writes[i]->operation_case == KANSEN__V1__WRITE__OPERATION_SET_CLIENT_CERTIFICATE)
            return true;
    }
    return false;
}

bool
writes_want_snapshot(const Kansen__V1__Request *request)
{
    if (request->body_case == KANSEN__V1__REQUEST__BODY_WRITE)
        return round_refs_want(request->write);
    for (size_t i = 0; i < request->batch->n_writes; i++) {
        if (round_refs_want(request->batch->writes[i]))
            return true;
    }
    return false;
}

int
writes_submit(struct service *service, struct txn *txn, struct job *job, const Kansen__V1__Request *request,
              struct fault *fault)
{
    int rc;

    job->batch = request->body_case == KANSEN__V1__REQUEST__BODY_BATCH;
    job->n_writes = job->batch ? request->batch->n_writes : 1;
    if (check_request(service, job, request, fault) != 0)
        return FAULT;
    job->writes = arena_array(job->arena, job->n_writes, sizeof(Kansen__V1__Write *));
    job->results = arena_array(job->arena, job->n_writes, sizeof job->results[0]);
    if (job->writes == NULL || job->results == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < job->n_writes; i++)
        job->writes[i] = job->batch ? request->batch->writes[i] : request->write;
    rc = add_key(service, job, request); // of what was asked: a list that is made of a query may differ
    if (rc == 0)
        rc = add_secrets(service, txn, job);
    if (rc != 0)
        return rc;
    job->bytes = arena_held(job->arena);
    rc = queue_push(service->queue, job);
    if (rc == QUEUE_E_CLOSED)
        return fault_set(fault, CODE_UNAVAILABLE, "", "the daemon stops");
    return rc == QUEUE_E_FULL ? WRITES_BUSY : rc;
}

// Adds the answer to a batch that was done.
static int
answer_batch(const struct service *service, const struct job *job, struct buf *out)
{
    Kansen__V1__WriteResult **results =
        arena_array(job->arena, job->n_writes, sizeof(Kansen__V1__WriteResult *));
    Kansen__V1__BatchResponse batch = KANSEN__V1__BATCH_RESPONSE__INIT;
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    struct fault fault;

    if (results == NULL) { // the writes are done, so this must be told some way
        fault_fill(&fault, CODE_RESOURCE_EXHAUSTED, "",
                   "the writes were done, but memory is too short to tell their results");
        return reply_fault(out, job->request, &fault);
    }
    for (size_t i = 0; i < job->n_writes; i++)
        results[i] = &job->results[i];
    batch.n_results = job->n_writes;
    batch.results = results;
    response.id = job->request;
    response.body_case = KANSEN__V1__RESPONSE__BODY_BATCH;
    response.batch = &batch;
    return reply_response(out, service->max_frame, &response);
}

// Adds the answer to a single write; of one that was not done, the result says why.
static int
answer_write(const struct service *service, const struct job *job, struct buf *out)
{
    Kansen__V1__WriteResult failed = KANSEN__V1__WRITE_RESULT__INIT;
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__Status status;

    if (job->fault.code != CODE_OK) {
        reply_status(&status, &job->fault);
        failed.status = &status;
    }
    response.id = job->request;
    response.body_case = KANSEN__V1__RESPONSE__BODY_WRITE;
    response.write = job->fault.code != CODE_OK ? &failed : &job->results[0];
    response.status = response.write->status;
    return reply_response(out, service->max_frame, &response);
}

// Tells the tokens that were issued: to who asked first, and never to a repeat, whose results are from the
// store.
static void
tell_tokens(const struct job *job)
{
    if (job->tokens == NULL || job->repeated || job->fault.code != CODE_OK)
        return;
    for (size_t i = 0; i < job->n_writes; i++) {
        if (job->tokens[i] != NULL && job->results[i].status == NULL)
            job->results[i].token = job->tokens[i];
    }
}

size_t
writes_answer_max(const struct service *service, const Kansen__V1__Request *request)
{
    size_t results = 2; // a single write's status is told twice

    if (request->body_case == KANSEN__V1__REQUEST__BODY_BATCH)
        results = request->batch->n_writes + 1;
    return results * WRITES_RESULT_MAX < service->max_frame ? results * WRITES_RESULT_MAX
                                                            : service->max_frame;
}

enum code
writes_outcome(const struct job *job)
{
    if (job->fault.code != CODE_OK || job->batch || job->results[0].status == NULL)
        return job->fault.code;
    return (enum code)job->results[0].status->code;
}

uint32_t
writes_request(const struct job *job)
{
    return job->batch ? KANSEN__V1__REQUEST__BODY_BATCH : KANSEN__V1__REQUEST__BODY_WRITE;
}

int
writes_answer(const struct service *service, const struct job *job, struct buf *out)
{
    tell_tokens(job);
    if (!job->batch)
        return answer_write(service, job, out);
    if (job->fault.code != CODE_OK)
        return reply_fault(out, job->request, &job->fault);
    return answer_batch(service, job, out);
}
