// SPDX-License-Identifier: Apache-2.0
// At most one job is on its way; when it comes back and more is due, the next one follows at once. Between
// them the thread looks every LOOK_MS: a snapshot and one look at the first key of two small tables. When
// nobody has written for a while, a tick also tidies the index.
#include "work/clockwork.h"
#include "base/clock.h"
#include "store/placement.h"
#include "store/records.h"
#include "store/retention.h"
#include "store/store.h"
#include "store/write.h"
#include "work/gauges.h"
#include "work/job.h"
#include "work/lifecycle.h"
#include "work/mailbox.h"
#include "work/queue.h"
#include "work/rules.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS          100
#define TICK_MEMORY_MAX  ((size_t)64 << 20) // bytes
#define TRIM_SLACK       1000u // entries above what is kept, so that not each new one costs a commit
#define ANSWERS_KEPT_US  INT64_C(86400000000)
#define JOURNAL_SLACK_US INT64_C(3600000000) // the same, by age
#define WALK_US          INT64_C(3600000000) // from the end of a walk over the students to the next one
#define QUIET_LOOKS      10u // without a new entry in the journal, after which the index may be tidied

struct clockwork {
    struct clockwork_options options;
    pthread_t thread;
    struct rules rules; // as of the look at hand
    struct txn *txn;
    struct gauges *gauges;
    uint64_t sequence;          // of the journal at the last look
    unsigned quiet_looks;       // since it grew
    bool tidy;                  // nothing was to be tidied at that sequence
    struct retention_walk walk; // over the mappings of students
    int64_t walk_us;            // when the next one begins, on the steady clock
};

static bool
is_journal_long(struct clockwork *clockwork)
{
    uint64_t keep = clockwork->rules.journal_keep, first;

    return keep != 0 && journal_first(clockwork->txn, &first) == 0 &&
           txn_sequence(clockwork->txn) - (first - 1) > keep + TRIM_SLACK;
}

// Whether something is kept longer than it should be, beside mappings of students.
static bool
is_old(struct clockwork *clockwork, int64_t now)
{
    const struct retention *retain = &clockwork->rules.retain;
    int64_t oldest;
    uint64_t id;

    return (retain->placements_us != 0 && retention_first_ended(clockwork->txn, &oldest, &id) == 0 &&
            oldest < now - retain->placements_us) ||
           (retain->journal_us != 0 && retention_journal_time(clockwork->txn, &oldest) == 0 &&
            oldest < now - retain->journal_us - JOURNAL_SLACK_US);
}

// Whether nobody writes and the index could be put in a better shape.
static bool
may_tidy(struct clockwork *clockwork)
{
    uint64_t sequence = txn_sequence(clockwork->txn);
    bool loose = false;

    if (sequence != clockwork->sequence) {
        clockwork->sequence = sequence;
        clockwork->quiet_looks = 0;
        clockwork->tidy = false;
    }
    if (clockwork->tidy || ++clockwork->quiet_looks < QUIET_LOOKS ||
        index_is_loose(clockwork->txn, &loose) != 0)
        return false;
    clockwork->tidy = !loose;
    return loose;
}

static bool
is_due(struct clockwork *clockwork)
{
    int64_t now = clock_wall_us(), oldest = 0;
    struct due due;
    bool yes;

    if (txn_begin(clockwork->txn) != 0)
        return false;
    yes = (due_first(clockwork->txn, &due) == 0 && due.time_us <= now) ||
          (answer_oldest(clockwork->txn, &oldest) == 0 && oldest < now - ANSWERS_KEPT_US) ||
          is_journal_long(clockwork) || is_old(clockwork, now) || may_tidy(clockwork);
    txn_end(clockwork->txn);
    return yes;
}

// A job of the clock's with room for so many writes; NULL when memory is short.
static struct job *
make_job(const struct clockwork *clockwork, size_t n)
{
    struct job *job = job_new(TICK_MEMORY_MAX);

    if (job == NULL)
        return NULL;
    job->writes = arena_array(job->arena, n, sizeof(Kansen__V1__Write *));
    job->results = arena_array(job->arena, n, sizeof job->results[0]);
    job->secrets = arena_array(job->arena, n, sizeof job->secrets[0]);
    if (job->writes == NULL || job->results == NULL || job->secrets == NULL) {
        job_free(job);
        return NULL;
    }
    job->worker = clockwork->options.worker;
    job->movers = MOVER_CLOCK;
    snprintf(job->actor, sizeof job->actor, "clock");
    return job;
}

static int
add_tick(struct job *job)
{
    Kansen__V1__Write *write = arena_alloc(job->arena, sizeof *write);
    Kansen__V1__Tick *tick = arena_alloc(job->arena, sizeof *tick);

    if (write == NULL || tick == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__tick__init(tick);
    kansen__v1__write__init(write);
    write->operation_case = KANSEN__V1__WRITE__OPERATION_TICK;
    write->tick = tick;
    randombytes_buf(job->secrets[0].random, sizeof job->secrets[0].random);
    job->writes[job->n_writes++] = write;
    return 0;
}

static int
add_forget(struct job *job, const uint8_t hash[STUDENT_HASH_BYTES])
{
    Kansen__V1__Write *write = arena_alloc(job->arena, sizeof *write);
    Kansen__V1__ForgetStudent *forget = arena_alloc(job->arena, sizeof *forget);
    struct command_secrets *secrets = &job->secrets[job->n_writes];

    if (write == NULL || forget == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__forget_student__init(forget);
    kansen__v1__write__init(write);
    write->operation_case = KANSEN__V1__WRITE__OPERATION_FORGET_STUDENT;
    write->forget_student = forget;
    secrets->has_student = true;
    memcpy(secrets->student_hash, hash, sizeof secrets->student_hash);
    job->writes[job->n_writes++] = write;
    return 0;
}

// Queues a job that was made, or frees it; false when it was not queued, and the next look tries again.
static bool
push(struct clockwork *clockwork, struct job *job, int rc)
{
    if (job != NULL && rc == 0 && queue_push(clockwork->options.queue, job) == 0)
        return true;
    job_free(job); // memory is short, or the queue is full or closed
    return false;
}

static bool
push_tick(struct clockwork *clockwork)
{
    struct job *job = make_job(clockwork, 1);

    return push(clockwork, job, job == NULL ? 0 : add_tick(job));
}

// Looks at some mappings of students and queues commands for those that are not kept any more; the commands
// look again. A step that fails is done again in the next walk.
static bool
push_forgets(struct clockwork *clockwork)
{
    struct retention_walk *walk = &clockwork->walk;
    int64_t keep = clockwork->rules.retain.students_us;
    struct job *job;
    int rc;

    if (keep == 0 || clock_steady_us() < clockwork->walk_us || txn_begin(clockwork->txn) != 0)
        return false;
    rc = retention_step(clockwork->txn, walk, clock_wall_us() - keep);
    txn_end(clockwork->txn);
    if (rc != 0 || walk->ended) {
        clockwork->walk_us = clock_steady_us() + WALK_US;
        walk->begun = false;
    }
    if (rc != 0 || walk->found == 0)
        return false;
    job = make_job(clockwork, walk->found);
    for (unsigned i = 0; job != NULL && i < walk->found && rc == 0; i++)
        rc = add_forget(job, walk->hashes[i]);
    return push(clockwork, job, rc);
}

// Frees the job that came back, if one did.
static bool
take_back(struct mail *mail)
{
    bool came = mail != NULL;

    while (mail != NULL) {
        struct mail *next = mail->next;

        job_free((struct job *)mail);
        mail = next;
    }
    return came;
}

static void *
run(void *arg)
{
    struct clockwork *clockwork = arg;
    struct pollfd poll_fd = {.fd = clockwork->options.mailbox->event_fd, .events = POLLIN};
    bool under_way = false;
    unsigned notices = 0;

    pthread_setname_np(pthread_self(), "clock"); // by itself: the sandbox lets no thread name another
    while ((notices & MAILBOX_STOP) == 0) {
        rules_take(clockwork->options.rules, &clockwork->rules);
        gauges_look(clockwork->gauges, clockwork->txn);
        if (!under_way && is_due(clockwork))
            under_way = push_tick(clockwork);
        if (!under_way)
            under_way = push_forgets(clockwork);
        if (poll(&poll_fd, 1, LOOK_MS) < 0 && errno != EINTR)
            break;
        if (take_back(mailbox_take(clockwork->options.mailbox, &notices)))
            under_way = false;
    }
    while (under_way) { // the writer still runs, so it comes
        (void)poll(&poll_fd, 1, LOOK_MS);
        under_way = !take_back(mailbox_take(clockwork->options.mailbox, &notices));
    }
    return NULL;
}

int
clockwork_start(const struct clockwork_options *options, struct clockwork **out)
{
    struct clockwork *clockwork = calloc(1, sizeof *clockwork);
    int rc;

    if (clockwork == NULL)
        return STORE_FAULT_MEMORY;
    clockwork->options = *options;
    rc = txn_new_read(options->store, &clockwork->txn);
    clockwork->gauges = gauges_new(options->store);
    if (rc == 0 && clockwork->gauges == NULL)
        rc = STORE_FAULT_MEMORY;
    if (rc == 0)
        rc = -pthread_create(&clockwork->thread, NULL, run, clockwork);
    if (rc != 0) {
        gauges_free(clockwork->gauges);
        txn_free(clockwork->txn);
        free(clockwork);
        return rc;
    }
    *out = clockwork;
    return 0;
}

void
clockwork_finish(struct clockwork *clockwork)
{
    if (clockwork == NULL)
        return;
    mailbox_notify(clockwork->options.mailbox, MAILBOX_STOP);
    pthread_join(clockwork->thread, NULL);
    gauges_free(clockwork->gauges);
    txn_free(clockwork->txn);
    free(clockwork);
}

struct gauges *
clockwork_gauges(struct clockwork *clockwork)
{
    return clockwork->gauges;
}
