// SPDX-License-Identifier: Apache-2.0
#include "work/round_part.h"
#include "work/job.h"
#include "work/lifecycle.h"
#include <stdio.h>

#define JOB_MEMORY ((size_t)64 << 20) // bytes

struct job *
round_part_new_job(unsigned worker, Kansen__V1__Write **out)
{
    struct job *job = job_new(JOB_MEMORY);

    if (job == NULL)
        return NULL;
    job->writes = arena_array(job->arena, 1, sizeof(Kansen__V1__Write *));
    job->results = arena_array(job->arena, 1, sizeof job->results[0]);
    *out = arena_alloc(job->arena, sizeof **out);
    if (job->writes == NULL || job->results == NULL || *out == NULL) {
        job_free(job);
        return NULL;
    }
    kansen__v1__write__init(*out);
    job->writes[0] = *out;
    job->n_writes = 1;
    job->worker = worker;
    job->movers = MOVER_CLOCK;
    snprintf(job->actor, sizeof job->actor, "rounds");
    return job;
}

struct job *
round_part_new(unsigned worker, const Kansen__V1__Round *round, Kansen__V1__AdvanceRound **out)
{
    Kansen__V1__Write *write = NULL;
    struct job *job = round_part_new_job(worker, &write);

    if (job == NULL)
        return NULL;
    *out = arena_alloc(job->arena, sizeof **out);
    if (*out == NULL) {
        job_free(job);
        return NULL;
    }
    kansen__v1__advance_round__init(*out);
    (*out)->round_id = round->id;
    (*out)->version = round->version;
    write->operation_case = KANSEN__V1__WRITE__OPERATION_ADVANCE_ROUND;
    write->advance_round = *out;
    return job;
}
