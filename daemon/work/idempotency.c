// SPDX-License-Identifier: Apache-2.0
// A key belongs to the client, not to the connection or the token. Refusals are kept too: they are answers.
#include "work/idempotency.h"
#include "store/placement.h"
#include "store/store.h"
#include "work/job.h"
#include <string.h>

#define KEPT_US INT64_C(86400000000)

static int
repeat(struct job *job, const Kansen__V1__KeptAnswer *kept)
{
    if (kept->digest.len != sizeof job->digest ||
        memcmp(kept->digest.data, job->digest, sizeof job->digest) != 0) {
        fault_fill(&job->fault, CODE_INVALID_ARGUMENT, "idempotency_key",
                   "this key was used within 24 hours for another request; a new request needs a new key");
        return 0;
    }
    if (kept->n_results != job->n_writes)
        return STORE_FAULT_CORRUPT;
    for (size_t i = 0; i < kept->n_results; i++)
        job->results[i] = *kept->results[i]; // in the job's arena, like the kept answer
    return 0;
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
    return repeat(job, kept);
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
