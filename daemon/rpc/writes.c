// SPDX-License-Identifier: Apache-2.0
// A single write is a batch of one that is answered without the list.
#include "rpc/writes.h"
#include "rpc/reply.h"
#include "rpc/service.h"
#include "store/store.h"
#include "work/job.h"
#include "work/queue.h"
#include <errno.h>

static int
check_request(const struct service *service, const struct job *job, const Kansen__V1__Request *request,
              struct fault *fault)
{
    if (request->idempotency_key[0] != '\0')
        return fault_set(fault, CODE_UNIMPLEMENTED, "idempotency_key",
                         "idempotency keys are not supported by this version; leave it empty (an upsert by "
                         "external_id may be repeated)");
    if (job->n_writes > service->max_batch_writes)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "writes", "%zu writes given; at most %u are allowed",
                         job->n_writes, service->max_batch_writes);
    return 0;
}

int
writes_submit(struct service *service, struct job *job, const Kansen__V1__Request *request,
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
    job->bytes = arena_used(job->arena);
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

int
writes_answer(const struct service *service, const struct job *job, struct buf *out)
{
    if (!job->batch)
        return answer_write(service, job, out);
    if (job->fault.code != CODE_OK)
        return reply_fault(out, job->request, &job->fault);
    return answer_batch(service, job, out);
}
