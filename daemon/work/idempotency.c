// SPDX-License-Identifier: Apache-2.0
// A key belongs to the client, not to the connection or the token. Refusals are kept too: they are answers.
#include "work/idempotency.h"
#include "store/placement.h"
#include "store/store.h"
#include "work/job.h"
#include <string.h>

#define KEPT_US INT64_C(86400000000)

// Whether a result tells something of a placement that the student has or had.
static bool
is_of_student(const Kansen__V1__WriteResult *result)
{
    const Kansen__V1__Status *status = result->status;

    return status == NULL || status->code == CODE_OK || status->code == CODE_ALREADY_EXISTS ||
           strcmp(status->field, "max_live") == 0;
}

static int
withhold(struct job *job, Kansen__V1__WriteResult *result)
{
    Kansen__V1__Status *status = arena_alloc(job->arena, sizeof *status);

    if (status == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__status__init(status);
    status->code = CODE_FAILED_PRECONDITION;
    status->field = (char *)"student";
    status->message = (char *)"the student was forgotten since the first answer, which would tell whose "
                              "placement it is";
    kansen__v1__write_result__init(result);
    result->status = status;
    return 0;
}

// A reference that was forgotten leads to no placement any more, by a repeat neither. Who came back after the
// first answer is another student.
static int
withhold_forgotten(struct txn *txn, struct job *job, size_t i, int64_t kept_us)
{
    int64_t since_us = 0;
    int rc;

    if (job->writes[i]->operation_case != KANSEN__V1__WRITE__OPERATION_RESERVE_PLACEMENT ||
        !is_of_student(&job->results[i]))
        return 0;
    rc = student_since(txn, job->secrets[i].student_hash, &since_us);
    if (rc == STORE_E_NOT_FOUND || (rc == 0 && since_us > kept_us))
        return withhold(job, &job->results[i]);
    return rc;
}

static int
repeat(struct txn *txn, struct job *job, const Kansen__V1__KeptAnswer *kept)
{
    int rc = 0;

    if (kept->digest.len != sizeof job->digest ||
        memcmp(kept->digest.data, job->digest, sizeof job->digest) != 0) {
        fault_fill(&job->fault, CODE_INVALID_ARGUMENT, "idempotency_key",
                   "this key was used within 24 hours for another request; a new request needs a new key");
        return 0;
    }
    if (kept->n_results != job->n_writes)
        return STORE_FAULT_CORRUPT;
    for (size_t i = 0; i < kept->n_results && rc == 0; i++) {
        job->results[i] = *kept->results[i]; // in the job's arena, like the kept answer
        rc = withhold_forgotten(txn, job, i, kept->time_us);
    }
    return rc;
}

int
idempotency_find(struct txn *txn, struct job *job, int64_t now_us, bool *repeated)
{
    Kansen__V1__KeptAnswer *kept = NULL;
    int rc;

    *repeated = job->repeated = false;
    if (job->key[0] == '\0')
        return 0;
    rc = answer_get(txn, job->client, job->key, job->arena, &kept);
    if (rc == STORE_E_NOT_FOUND || (rc == 0 && kept->time_us + KEPT_US < now_us))
        return 0;
    if (rc != 0)
        return rc;
    *repeated = job->repeated = true;
    return repeat(txn, job, kept);
}

int
idempotency_keep(struct txn *txn, const struct job *job, int64_t now_us)
{
    Kansen__V1__KeptAnswer answer = KANSEN__V1__KEPT_ANSWER__INIT;

    if (job->key[0] == '\0')
        return 0;
    answer.digest = (ProtobufCBinaryData){sizeof job->digest, (uint8_t *)job->digest};
    answer.time_us = now_us;
    answer.n_results = job->n_writes;
    answer.results = arena_array(job->arena, job->n_writes, sizeof(Kansen__V1__WriteResult *));
    if (answer.results == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < job->n_writes; i++)
        answer.results[i] = &job->results[i];
    return answer_put(txn, job->client, job->key, &answer);
}
