// SPDX-License-Identifier: Apache-2.0
// Group commit. Invariants: no job goes back with success before txn_commit returned 0; times of commands
// never go back; when a group fails, each of its jobs is tried alone, so that only the guilty one fails;
// after the disk failed, nothing is written any more, because what it says can not be trusted (a second sync
// may lie about the first).
#include "work/writer.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/client.h"
#include "store/placement.h"
#include "store/store.h"
#include "store/write.h"
#include "work/apply.h"
#include "work/erasures.h"
#include "work/idempotency.h"
#include "work/job.h"
#include "work/lifecycle.h"
#include "work/loading.h"
#include "work/mailbox.h"
#include "work/queue.h"
#include "work/rules.h"
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#define TICK_MEMORY_MAX ((size_t)64 << 20) // bytes
#define PATIENCE        4                  // part of a group's time for which the next one is waited for

struct chain { // jobs on their way back to one worker
    struct mail *first, *last;
};

struct writer {
    struct writer_options options;
    struct rules rules; // of the group at hand
    pthread_t thread;
    struct txn *txn;
    struct arena *arena;  // of a tick before a command
    int64_t last_time_us; // of the last command that was stamped
    bool failed;          // the disk failed
    int told_fault;       // the fault that was logged last, so that a flood gives one line
    struct writer_work work;
    struct chain chains[]; // by worker, then the clock's and that of the rounds
};

int
writer_last_time(struct store *store, int64_t *time_us)
{
    struct txn *txn = NULL;
    int rc = txn_new_read(store, &txn);

    if (rc == 0)
        rc = txn_begin(txn);
    if (rc == 0)
        rc = journal_last_time(txn, time_us);
    txn_free(txn);
    return rc;
}

void
writer_fault(struct fault *fault, int store_fault)
{
    switch (store_fault) {
    case STORE_FAULT_MEMORY:
        fault_fill(fault, CODE_RESOURCE_EXHAUSTED, "", "the request needs more memory than it may take");
        break;
    case STORE_FAULT_FULL:
        fault_fill(fault, CODE_RESOURCE_EXHAUSTED, "",
                   "the store is full: its disk, or its map (option map_size); nothing was changed, reading "
                   "goes on");
        break;
    case STORE_FAULT_IO:
        fault_fill(fault, CODE_UNAVAILABLE, "",
                   "the disk failed and the daemon stops; it is not known whether this was stored");
        break;
    case STORE_FAULT_CORRUPT:
        fault_fill(fault, CODE_DATA_LOSS, "",
                   "a record of the store is damaged; the operator should run kansend --check");
        break;
    default:
        fault_fill(fault, CODE_INTERNAL, "", "the store failed: %s", store_fault_text(store_fault));
        break;
    }
}

// The clock is known under the number behind the last worker, the rounds under the next.
static struct mailbox *
mailbox_of(const struct writer *writer, unsigned worker)
{
    if (worker < writer->options.workers)
        return &writer->options.mailboxes[worker];
    return worker == writer->options.workers ? writer->options.clock : writer->options.rounds;
}

static int64_t
stamp(struct writer *writer)
{
    int64_t now = clock_wall_us();

    if (now > writer->last_time_us)
        writer->last_time_us = now;
    return writer->last_time_us;
}

// Lets what is due by now happen, so that no command on placements overtakes it: a newcomer must not take the
// seat of a draw, a reserve or a lease that the clock has not come to yet.
static int
catch_up(struct writer *writer, int64_t now_us)
{
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Tick tick = KANSEN__V1__TICK__INIT;
    struct due due;
    int rc;

    write.operation_case = KANSEN__V1__WRITE__OPERATION_TICK;
    write.tick = &tick;
    while ((rc = due_first(writer->txn, &due)) == 0 && due.time_us <= now_us) {
        struct command_secrets secrets = {0};
        struct command command = {.time_us = now_us,
                                  .actor = "clock",
                                  .client = "",
                                  .movers = MOVER_CLOCK,
                                  .journal_keep = writer->rules.journal_keep,
                                  .retain = writer->rules.retain,
                                  .secrets = &secrets,
                                  .write = &write};
        Kansen__V1__WriteResult result;

        randombytes_buf(secrets.random, sizeof secrets.random);
        rc = apply(writer->txn, &command, writer->arena, &result); // takes out what was due first, at least
        arena_reset(writer->arena);
        if (rc != 0)
            return rc;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static bool
is_about_seats(const Kansen__V1__Write *write)
{
    return write->operation_case == KANSEN__V1__WRITE__OPERATION_RESERVE_PLACEMENT ||
           write->operation_case == KANSEN__V1__WRITE__OPERATION_MOVE_PLACEMENT;
}

// Whether somebody asked for a student to be forgotten, and it was done. What the clock drops after its time
// it would drop again after a restore, so that needs no list.
static bool
is_erasure(const struct job *job, size_t i)
{
    return job->writes[i]->operation_case == KANSEN__V1__WRITE__OPERATION_FORGET_STUDENT &&
           job->results[i].outcome == KANSEN__V1__OUTCOME__OUTCOME_REMOVED &&
           (job->movers & MOVER_CLOCK) == 0;
}

static int
apply_writes(struct writer *writer, struct job *job)
{
    int rc = 0;

    for (size_t i = 0; i < job->n_writes && rc == 0; i++) {
        struct command command = {
            .time_us = stamp(writer),
            .actor = job->actor,
            .client = job->client,
            .movers = job->movers,
            .partner = job->partner,
            .source = job->source,
            .max_holds = writer->rules.max_holds,
            .journal_keep = writer->rules.journal_keep,
            .retain = writer->rules.retain,
            .secrets = job->secrets == NULL ? NULL : &job->secrets[i],
            .write = job->writes[i],
        };

        kansen__v1__write_result__init(&job->results[i]);
        if (is_about_seats(job->writes[i]))
            rc = catch_up(writer, command.time_us);
        if (rc == 0)
            rc = apply(writer->txn, &command, job->arena, &job->results[i]);
        if (rc == 0 && is_erasure(job, i))
            rc = erasures_note(writer->options.erasures, command.secrets->student_hash, command.time_us);
    }
    return rc;
}

// Removals need pages too, so what makes the store grow is refused while there is room left for them.
static int
refuse_growth(struct writer *writer, struct job *job)
{
    bool grows = false, scarce = false;
    int rc = 0;

    for (size_t i = 0; i < job->n_writes && !grows; i++)
        grows = apply_grows(job->writes[i]);
    if (grows)
        rc = txn_scarce(writer->txn, &scarce);
    if (rc == 0 && scarce)
        fault_fill(&job->fault, CODE_RESOURCE_EXHAUSTED, "",
                   "the store is full but for the room that removals need (option map_size); nothing was "
                   "changed, reading and removing go on");
    loading_explain(writer->options.store, job);
    return rc;
}

// A job is refused whose caller may not call any more at this place in the order of writes: so nothing is
// written for who was shut out by a write before it. The store is asked only when a client or a token has
// changed since the worker asked it.
static int
refuse_ended(struct writer *writer, struct job *job, int64_t now)
{
    const struct job_standing *standing = &job->standing;
    bool may = standing->expires_us == 0 || now < standing->expires_us;
    int rc = 0;

    if (may && standing->listed &&
        (client_changed(writer->txn) || client_generation(writer->options.store) != standing->generation))
        rc = client_may_still(writer->txn, job->client, standing->token, now, job->arena, &may);
    if (rc == 0 && !may)
        fault_fill(&job->fault, CODE_UNAUTHENTICATED, "token", "%s", CLIENT_REFUSAL);
    return rc;
}

static int
apply_job(struct writer *writer, struct job *job)
{
    int64_t now = stamp(writer);
    bool repeated;
    int rc = refuse_ended(writer, job, now);

    if (rc != 0 || job->fault.code != CODE_OK || loading_refuses(writer->options.store, job))
        return rc;
    rc = idempotency_find(writer->txn, job, now, &repeated);
    if (rc != 0 || repeated)
        return rc;
    rc = refuse_growth(writer, job);
    if (rc != 0 || job->fault.code != CODE_OK)
        return rc;
    rc = apply_writes(writer, job);
    // Not before what it did: it is told from what came later by the time.
    return rc == 0 ? idempotency_keep(writer->txn, job, writer->last_time_us) : rc;
}

static struct job *
next_job(const struct job *job)
{
    return (struct job *)job->mail.next;
}

static int
commit(struct writer *writer, const struct job *first, const struct job *behind)
{
    int64_t began = clock_steady_us();
    int rc = txn_commit(writer->txn);

    if (rc != 0)
        return rc;
    atomic_fetch_add_explicit(&writer->work.commits, 1, memory_order_relaxed);
    histogram_add(&writer->work.commit_us, (uint64_t)(clock_steady_us() - began));
    histogram_add(&writer->work.commit_writes, job_count_writes(first, behind));
    return 0;
}

// Applies the jobs first..(behind) in one transaction, but for those that have failed already. 0 when all of
// it is on disk, else a store fault and nothing is.
static int
commit_jobs(struct writer *writer, struct job *first, const struct job *behind)
{
    int rc = txn_begin(writer->txn);

    erasures_drop(writer->options.erasures); // of a group that failed
    for (struct job *job = first; rc == 0 && job != behind; job = next_job(job)) {
        if (job->fault.code == CODE_OK)
            rc = apply_job(writer, job);
    }
    // The list comes first: who is on it but not yet forgotten here is forgotten at the next start.
    if (rc == 0)
        rc = erasures_sync(writer->options.erasures);
    if (rc != 0) {
        txn_end(writer->txn);
        return rc;
    }
    return commit(writer, first, behind);
}

static void
tell_fault(struct writer *writer, int rc)
{
    if (rc == writer->told_fault || rc == STORE_FAULT_MEMORY)
        return; // known, or the matter of one request alone
    if (rc != 0)
        LOG_ERROR(writer->options.log, "writer", "writes fail", LOG_TEXT("fault", store_fault_text(rc)));
    else
        LOG_NOTICE(writer->options.log, "writer", "writes work again");
    writer->told_fault = rc;
}

static void
fail_jobs(const struct writer *writer, struct job *first, const struct job *behind, int rc)
{
    for (struct job *job = first; job != behind; job = next_job(job)) {
        if (job->fault.code != CODE_OK)
            continue;
        writer_fault(&job->fault, rc);
        loading_explain(writer->options.store, job);
    }
}

static void
disk_failed(struct writer *writer)
{
    writer->failed = true;
    LOG_ERROR(writer->options.log, "writer",
              "the disk failed; the daemon stops, start it again and look at the disk");
    mailbox_notify(writer->options.owner, MAILBOX_FAILED);
}

static void
write_group(struct writer *writer, struct job *first)
{
    int rc = commit_jobs(writer, first, NULL);

    if (rc != 0)
        atomic_fetch_add_explicit(&writer->work.failures, 1, memory_order_relaxed);
    if (rc != 0 && rc != STORE_FAULT_IO && next_job(first) != NULL) {
        for (struct job *job = first; job != NULL && rc != STORE_FAULT_IO; job = next_job(job)) {
            rc = commit_jobs(writer, job, next_job(job));
            tell_fault(writer, rc);
            if (rc == STORE_FAULT_IO)
                fail_jobs(writer, job, NULL, rc);
            else if (rc != 0)
                fail_jobs(writer, job, next_job(job), rc);
        }
    } else {
        tell_fault(writer, rc);
        if (rc != 0)
            fail_jobs(writer, first, NULL, rc);
    }
    if (rc == STORE_FAULT_IO)
        disk_failed(writer);
}

// Jobs that came too late are not done.
static void
expire(struct job *first)
{
    int64_t now = clock_steady_us();

    for (struct job *job = first; job != NULL; job = next_job(job)) {
        if (job->deadline_us != 0 && now > job->deadline_us)
            fault_fill(&job->fault, CODE_DEADLINE_EXCEEDED, "deadline_ms",
                       "the deadline passed before the write was begun; nothing was changed");
    }
}

static void
send_back(struct writer *writer, struct job *first)
{
    for (struct job *job = first, *next; job != NULL; job = next) {
        struct chain *chain = &writer->chains[job->worker];

        next = next_job(job);
        job->mail.next = NULL;
        if (chain->first == NULL)
            chain->first = &job->mail;
        else
            chain->last->next = &job->mail;
        chain->last = &job->mail;
    }
    for (unsigned i = 0; i <= writer->options.workers + 1; i++) {
        struct chain *chain = &writer->chains[i];

        if (chain->first != NULL)
            mailbox_post(mailbox_of(writer, i), chain->first, chain->last);
        *chain = (struct chain){0};
    }
}

// Tells the workers that follow the journal; after the results, as those are waited for.
static void
tell_committed(struct writer *writer)
{
    for (unsigned i = 0; i < writer->options.workers; i++) {
        if (mailbox_wants_commits(&writer->options.mailboxes[i]))
            mailbox_notify(&writer->options.mailboxes[i], MAILBOX_COMMITTED);
    }
}

// Wakes all workers when a commit has changed who may call, for the sessions that are silent; those that are
// not look at the generation by themselves.
static void
tell_clients(struct writer *writer, uint64_t generation)
{
    if (client_generation(writer->options.store) == generation)
        return;
    for (unsigned i = 0; i < writer->options.workers; i++)
        mailbox_notify(&writer->options.mailboxes[i], MAILBOX_CLIENTS);
}

// Who was answered is likely to ask again at once. Without waiting for them two halves of the clients would
// take turns, each with a commit of its own, and a commit costs nearly the same for half of the writes.
static void
expect_again(struct writer *writer, size_t writes, int64_t started_us)
{
    int64_t now = clock_steady_us();

    queue_expect(writer->options.queue, writes, now + (now - started_us) / PATIENCE);
}

static void *
run(void *arg)
{
    struct writer *writer = arg;
    const struct writer_options *options = &writer->options;
    struct job *group;
    unsigned worker;

    pthread_setname_np(pthread_self(), "writer"); // by itself: the sandbox lets no thread name another
    while ((group = queue_take(options->queue, writer->rules.group, writer->rules.delay_us)) != NULL) {
        size_t writes = job_count_writes(group, NULL);
        int64_t started = clock_steady_us();
        uint64_t generation = client_generation(options->store);
        bool loading = store_is_loading(options->store);

        rules_take(options->rules, &writer->rules);
        while (queue_next_waiter(options->queue, &worker))
            mailbox_notify(mailbox_of(writer, worker), MAILBOX_ROOM);
        expire(group);
        if (writer->failed)
            fail_jobs(writer, group, NULL, STORE_FAULT_IO);
        else
            write_group(writer, group);
        loading_tell(options->store, options->log, loading, group);
        send_back(writer, group);
        tell_clients(writer, generation); // behind the answer to who has shut itself out
        tell_committed(writer);
        expect_again(writer, writes, started);
    }
    return NULL;
}

int
writer_start(const struct writer_options *options, struct writer **out)
{
    struct writer *writer = calloc(1, sizeof *writer + (options->workers + 2) * sizeof writer->chains[0]);
    int rc;

    if (writer == NULL)
        return STORE_FAULT_MEMORY;
    writer->options = *options;
    rules_take(options->rules, &writer->rules);
    rc = writer_last_time(options->store, &writer->last_time_us);
    if (rc == 0)
        rc = txn_new_write(options->store, &writer->txn);
    writer->arena = arena_new(TICK_MEMORY_MAX);
    if (rc == 0 && writer->arena == NULL)
        rc = STORE_FAULT_MEMORY;
    if (rc == 0)
        rc = -pthread_create(&writer->thread, NULL, run, writer);
    if (rc != 0) {
        txn_free(writer->txn);
        arena_free(writer->arena);
        free(writer);
        return rc;
    }
    *out = writer;
    return 0;
}

void
writer_finish(struct writer *writer)
{
    if (writer == NULL)
        return;
    pthread_join(writer->thread, NULL);
    txn_free(writer->txn);
    arena_free(writer->arena);
    free(writer);
}

const struct writer_work *
writer_work(const struct writer *writer)
{
    return &writer->work;
}

uint64_t
writer_steps(struct writer *writer)
{
    return txn_steps(writer->txn);
}
