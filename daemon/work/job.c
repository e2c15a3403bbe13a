// SPDX-License-Identifier: Apache-2.0
// Making and freeing jobs. Everything that a job points to lies in its arena.
#include "work/job.h"
#include <stdlib.h>
#include <string.h>

struct job *
job_new(size_t cap)
{
    struct job *job = calloc(1, sizeof *job);

    if (job == NULL)
        return NULL;
    job->mail.kind = MAIL_JOB;
    job->key = "";
    job->arena = arena_new(cap);
    if (job->arena == NULL) {
        free(job);
        return NULL;
    }
    return job;
}

void
job_free(struct job *job)
{
    if (job == NULL)
        return;
    for (size_t i = 0; job->tokens != NULL && i < job->n_writes; i++) {
        if (job->tokens[i] != NULL)
            explicit_bzero(job->tokens[i], strlen(job->tokens[i]));
    }
    arena_free(job->arena);
    free(job);
}

size_t
job_count_writes(const struct job *first, const struct job *behind)
{
    size_t writes = 0;

    for (const struct job *job = first; job != behind; job = (const struct job *)job->mail.next)
        writes += job->n_writes;
    return writes;
}
