// SPDX-License-Identifier: Apache-2.0
#include "work/loading.h"
#include "base/log.h"
#include "store/store.h"
#include "work/job.h"
#include <stddef.h>

static size_t
count_pieces(const struct job *job)
{
    size_t pieces = 0;

    for (size_t i = 0; i < job->n_writes; i++)
        pieces += job->writes[i]->operation_case == KANSEN__V1__WRITE__OPERATION_LOAD_STREAM;
    return pieces;
}

bool
loading_refuses(struct store *store, struct job *job)
{
    size_t pieces = count_pieces(job);

    if (pieces > 0 && (job->n_writes > 1 || (job->key != NULL && job->key[0] != '\0')))
        fault_fill(&job->fault, CODE_INVALID_ARGUMENT, "load_stream",
                   "a piece of a stream comes alone, and without an idempotency key");
    else if (pieces == 0 && store_is_loading(store))
        fault_fill(&job->fault, CODE_FAILED_PRECONDITION, "", "a stream is being read into the store");
    return job->fault.code != CODE_OK;
}

void
loading_explain(struct store *store, struct job *job)
{
    if (job->fault.code == CODE_RESOURCE_EXHAUSTED && count_pieces(job) > 0 && store_is_loading(store))
        fault_fill(
            &job->fault, CODE_RESOURCE_EXHAUSTED, "load_stream",
            "the store, its disk or the memory is full (option map_size): the stream can not be read to "
            "its end; once it is given up, the store is empty");
}

// Whether a piece, or the word to give the stream up, was taken.
static bool
has_taken(const struct job *group)
{
    for (const struct job *job = group; job != NULL; job = (const struct job *)job->mail.next) {
        if (job->fault.code == CODE_OK && count_pieces(job) > 0)
            return true;
    }
    return false;
}

void
loading_tell(struct store *store, const struct log *log, bool was_loading, const struct job *group)
{
    bool loading = store_is_loading(store);
    bool ended = !loading && (was_loading || has_taken(group));

    if (loading && !was_loading)
        LOG_NOTICE(log, "load", "a stream is read into the store, which answers nothing else meanwhile");
    else if (ended && store_has_loaded(store))
        LOG_NOTICE(log, "load", "a stream was read into the store, all of it");
    else if (ended)
        LOG_WARNING(log, "load", "a stream was not read to its end; nothing of it is in the store");
}
