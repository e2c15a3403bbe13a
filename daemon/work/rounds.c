// SPDX-License-Identifier: Apache-2.0
// One round at a time, one part at a time: a part is queued, its answer waited for, and the store looked at
// again. What was allocated is kept while its results are stored, and only for the version of the round that
// it was made of.
#include "work/rounds.h"
#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "proto/names.h"
#include "store/round.h"
#include "store/store.h"
#include "work/job.h"
#include "work/lifecycle.h"
#include "work/mailbox.h"
#include "work/queue.h"
#include "work/round_part.h"
#include "work/round_work.h"
#include "work/rules.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name
#define PART(name)  KANSEN__V1__ADVANCE_ROUND__PART_##name

#define LOOK_MS     100
#define SOON_MS     10               // while a step follows another
#define LATELY_US   INT64_C(1000000) // that
#define RETRY_MS    2000             // after a fault
#define LET_GO_US   INT64_C(1000000) // between looks for rounds whose time is over
#define COUNT_PART  1000u
#define PLACE_PART  250u // students who are placed by one command
#define RESULT_PART 1000u
#define REFUSED     1

struct rounds {
    struct rounds_options options;
    pthread_t thread;
    struct txn *txn;
    struct arena *arena; // of one look
    bool stopped;
    struct round_work *work; // of the round below; NULL = none
    uint64_t work_round;
    uint32_t work_revision;
    struct arena *work_arena;
    uint64_t told; // round whose trouble was logged
};

// ---- Jobs

static bool
goes_on(void *arg)
{
    struct rounds *rounds = arg;

    return !rounds->stopped && !mailbox_holds(rounds->options.mailbox, MAILBOX_STOP);
}

static struct job *
wait_for_job(struct rounds *rounds)
{
    struct pollfd poll_fd = {.fd = rounds->options.mailbox->event_fd, .events = POLLIN};

    for (;;) { // the writer still runs, so it comes
        unsigned notices = 0;
        struct mail *mail;

        (void)poll(&poll_fd, 1, LOOK_MS);
        mail = mailbox_take(rounds->options.mailbox, &notices);
        rounds->stopped = rounds->stopped || (notices & MAILBOX_STOP) != 0;
        if (mail != NULL)
            return (struct job *)mail;
    }
}

// Sleeps, unless it is told to end.
static void
rest(struct rounds *rounds, int ms)
{
    struct pollfd poll_fd = {.fd = rounds->options.mailbox->event_fd, .events = POLLIN};
    unsigned notices = 0;

    if (poll(&poll_fd, 1, ms) < 0 && errno != EINTR)
        return;
    (void)mailbox_take(rounds->options.mailbox, &notices);
    rounds->stopped = rounds->stopped || (notices & MAILBOX_STOP) != 0;
}

// Queues a job and waits for what comes of it. 0, REFUSED with the fault, or a store fault.
static int
do_job(struct rounds *rounds, struct job *job, struct fault *fault)
{
    int rc;

    job->bytes = arena_held(job->arena);
    while ((rc = queue_push(rounds->options.queue, job)) == QUEUE_E_FULL && goes_on(rounds))
        rest(rounds, LOOK_MS);
    if (rc != 0) {
        job_free(job);
        return rc < 0 ? rc : (int)ROUND_WORK_E_ENDED;
    }
    job = wait_for_job(rounds);
    *fault = job->fault;
    if (fault->code == CODE_OK && job->results[0].status != NULL)
        fault_fill(fault, (enum code)job->results[0].status->code, job->results[0].status->field, "%s",
                   job->results[0].status->message);
    rc = fault->code == CODE_OK ? 0 : REFUSED;
    job_free(job);
    return rc;
}

// ---- Parts

static int
count_part(struct rounds *rounds, const Kansen__V1__Round *round, struct fault *fault)
{
    Kansen__V1__AdvanceRound *part = NULL;
    struct job *job = round_part_new(rounds->options.worker, round, &part);

    if (job == NULL)
        return STORE_FAULT_MEMORY;
    part->part_case = PART(COUNT);
    part->count = round->state == STATE(PUBLISHING) ? PLACE_PART : COUNT_PART;
    return do_job(rounds, job, fault);
}

static int
totals_part(struct rounds *rounds, const Kansen__V1__Round *round, Kansen__V1__RoundTotals *totals,
            struct fault *fault)
{
    Kansen__V1__AdvanceRound *part = NULL;
    struct job *job = round_part_new(rounds->options.worker, round, &part);

    if (job == NULL)
        return STORE_FAULT_MEMORY;
    part->part_case = PART(TOTALS);
    part->totals = totals; // lives until the job is back
    return do_job(rounds, job, fault);
}

struct digesting {
    struct rounds *rounds;
    const Kansen__V1__Round *round;
    uint8_t bytes[ROUND_WORK_DIGEST];
};

static int
make_digest(void *arg)
{
    struct digesting *digesting = arg;
    struct round_work_leave leave = {goes_on, digesting->rounds};

    return round_work_digest(digesting->rounds->txn, digesting->round, &leave, digesting->bytes);
}

static int
digest(struct rounds *rounds, const Kansen__V1__Round *round, struct fault *fault)
{
    Kansen__V1__RoundTotals totals = KANSEN__V1__ROUND_TOTALS__INIT;
    struct digesting digesting = {.rounds = rounds, .round = round};
    int64_t began = clock_steady_us();
    int rc = background_run(rounds->options.log, "rounds-digest", make_digest, &digesting);

    txn_end(rounds->txn);
    if (rc != 0)
        return rc;
    LOG_INFO(rounds->options.log, "rounds", "the input of a round is digested", LOG_U64("round", round->id),
             LOG_U64("students", round->students), LOG_I64("took_ms", (clock_steady_us() - began) / 1000));
    totals.input_digest = (ProtobufCBinaryData){sizeof digesting.bytes, digesting.bytes};
    return totals_part(rounds, round, &totals, fault);
}

// The next results, from the place behind the last one that is stored.
static int
results_part(struct rounds *rounds, const Kansen__V1__Round *round, struct fault *fault)
{
    size_t from = round_work_find_student(rounds->work, &round->at_student),
           n = round_work_part(rounds->work, from, RESULT_PART);
    Kansen__V1__RoundResults all = KANSEN__V1__ROUND_RESULTS__INIT; // lives until the job is back
    Kansen__V1__RoundResult *results;
    Kansen__V1__AdvanceRound *part = NULL;
    struct job *job = round_part_new(rounds->options.worker, round, &part);

    if (job == NULL)
        return STORE_FAULT_MEMORY;
    results = arena_array(job->arena, n + 1, sizeof *results);
    all.results = arena_array(job->arena, n + 1, sizeof(Kansen__V1__RoundResult *));
    if (results == NULL || all.results == NULL) {
        job_free(job);
        return STORE_FAULT_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        round_work_result(rounds->work, from + i, &results[i]);
        all.results[all.n_results++] = &results[i];
    }
    part->part_case = PART(RESULTS);
    part->results = &all;
    return do_job(rounds, job, fault);
}

static int
cutoffs_part(struct rounds *rounds, const Kansen__V1__Round *round, struct fault *fault)
{
    size_t from = round_work_find_offer(rounds->work, round->at_offer),
           left = round_work_offers(rounds->work) - from, n = left < RESULT_PART ? left : RESULT_PART;
    Kansen__V1__RoundCutoffs all = KANSEN__V1__ROUND_CUTOFFS__INIT; // lives until the job is back
    Kansen__V1__RoundOffer *offers;
    Kansen__V1__AdvanceRound *part = NULL;
    struct job *job = round_part_new(rounds->options.worker, round, &part);

    if (job == NULL)
        return STORE_FAULT_MEMORY;
    offers = arena_array(job->arena, n + 1, sizeof *offers);
    all.offers = arena_array(job->arena, n + 1, sizeof(Kansen__V1__RoundOffer *));
    if (offers == NULL || all.offers == NULL) {
        job_free(job);
        return STORE_FAULT_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        kansen__v1__round_offer__init(&offers[i]);
        round_work_cutoff(rounds->work, from + i, &offers[i]);
        all.offers[all.n_offers++] = &offers[i];
    }
    part->part_case = PART(CUTOFFS);
    part->cutoffs = &all;
    return do_job(rounds, job, fault);
}

// ---- Allocation

static void
drop_work(struct rounds *rounds)
{
    round_work_free(rounds->work);
    arena_free(rounds->work_arena);
    rounds->work = NULL;
    rounds->work_arena = NULL;
}

// The round is read once more, as the work keeps pointers into it.
static int
make_work(void *arg)
{
    struct rounds *rounds = arg;
    struct round_work_leave leave = {goes_on, rounds};
    Kansen__V1__Round *own = NULL;
    int rc = round_get(rounds->txn, rounds->work_round, rounds->work_arena, &own);

    return rc == 0 ? round_work_compute(rounds->txn, own, &leave, &rounds->work) : rc;
}

// Allocates, unless that was done for this round and revision.
static int
allocate(struct rounds *rounds, const Kansen__V1__Round *round)
{
    int64_t began = clock_steady_us();
    int rc;

    if (rounds->work != NULL && rounds->work_round == round->id && rounds->work_revision == round->revision)
        return 0;
    drop_work(rounds);
    rounds->work_round = round->id;
    rounds->work_revision = round->revision;
    rounds->work_arena = arena_new(SIZE_MAX / 2);
    if (rounds->work_arena == NULL)
        return STORE_FAULT_MEMORY;
    rc = background_run(rounds->options.log, "rounds-allocate", make_work, rounds);
    if (rc != 0)
        return rc;
    LOG_NOTICE(rounds->options.log, "rounds", "a round is allocated", LOG_U64("round", round->id),
               LOG_U64("students", round_work_students(rounds->work)),
               LOG_U64("offers", round_work_offers(rounds->work)),
               LOG_I64("took_ms", (clock_steady_us() - began) / 1000));
    return 0;
}

static int
compute(struct rounds *rounds, const Kansen__V1__Round *round, struct fault *fault)
{
    Kansen__V1__RoundTotals totals;
    int rc = allocate(rounds, round);

    txn_end(rounds->txn);
    if (rc != 0)
        return rc;
    if (round->phase == 0)
        return results_part(rounds, round, fault);
    if (round->phase == 1)
        return cutoffs_part(rounds, round, fault);
    round_work_totals(rounds->work, &totals);
    return totals_part(rounds, round, &totals, fault);
}

// ---- Letting go

// The first round that is over; NULL where there is none.
static Kansen__V1__Round *
find_over(struct rounds *rounds, int64_t before_us)
{
    Kansen__V1__Round *round = NULL;

    if (txn_begin(rounds->txn) != 0)
        return NULL;
    arena_reset(rounds->arena);
    if (round_over_next(rounds->txn, before_us, rounds->arena, &round) != 0)
        round = NULL;
    txn_end(rounds->txn);
    return round;
}

// Has a round forgotten, as its operator could; the parts of that follow like those of any step.
static int
forget(struct rounds *rounds, Kansen__V1__Round *round, struct fault *fault)
{
    Kansen__V1__MoveRound move = KANSEN__V1__MOVE_ROUND__INIT; // lives until the job is back
    Kansen__V1__Write *write = NULL;
    struct job *job = round_part_new_job(rounds->options.worker, &write);

    if (job == NULL)
        return STORE_FAULT_MEMORY;
    move.round = round->name;
    move.version = round->version;
    move.step = KANSEN__V1__ROUND_STEP__ROUND_STEP_FORGET;
    write->operation_case = KANSEN__V1__WRITE__OPERATION_MOVE_ROUND;
    write->move_round = &move;
    return do_job(rounds, job, fault);
}

static void
tell(struct rounds *rounds, uint64_t id, int rc, const struct fault *fault)
{
    if (rounds->told == id)
        return; // it is tried again and again
    rounds->told = id;
    LOG_ERROR(
        rounds->options.log, "rounds", "a round can not go on, and is tried again", LOG_U64("round", id),
        LOG_TEXT("why", rc == REFUSED ? names_text(&names_code, (int)fault->code) : store_fault_text(rc)));
}

// Lets a round go whose time is over, one at a look.
static void
let_go(struct rounds *rounds)
{
    struct fault fault = {0};
    Kansen__V1__Round *round;
    struct rules rules;
    int rc;

    rules_take(rounds->options.rules, &rules);
    if (rules.keep_rounds_us == 0)
        return;
    round = find_over(rounds, clock_wall_us() - rules.keep_rounds_us);
    rc = round == NULL ? 0 : forget(rounds, round, &fault);
    if (rc != 0 && rc != ROUND_WORK_E_ENDED)
        tell(rounds, round->id, rc, &fault);
}

// ---- The thread

// Does one part of a round; the transaction has begun and is ended. 0, ROUND_WORK_E_ENDED, or what went
// wrong.
static int
do_part(struct rounds *rounds, const Kansen__V1__Round *round, struct fault *fault)
{
    if (!round->settling && round->state == STATE(FREEZING) && round->phase > 0)
        return digest(rounds, round, fault);
    if (!round->settling && round->state == STATE(COMPUTING))
        return compute(rounds, round, fault);
    txn_end(rounds->txn);
    return count_part(rounds, round, fault);
}

// Does the next part of the first round that goes on by itself, behind the one that failed last. False when
// there is nothing to do.
static bool
look(struct rounds *rounds, uint64_t *behind)
{
    Kansen__V1__Round *round = NULL;
    struct fault fault = {0};
    uint64_t id = 0;
    int rc = txn_begin(rounds->txn);

    if (rc != 0)
        return false;
    arena_reset(rounds->arena);
    rc = round_busy_next(rounds->txn, *behind, &id);
    if (rc == 0)
        rc = round_get(rounds->txn, id, rounds->arena, &round);
    if (rc != 0) {
        txn_end(rounds->txn);
        drop_work(rounds);
        *behind = 0;
        return false;
    }
    rc = do_part(rounds, round, &fault);
    if (rc == 0 && rounds->told == id)
        rounds->told = 0;
    if (rc != 0 && rc != ROUND_WORK_E_ENDED) {
        tell(rounds, id, rc, &fault);
        *behind = id;
        rest(rounds, RETRY_MS);
    }
    return rc == 0;
}

static void *
run(void *arg)
{
    struct rounds *rounds = arg;
    int64_t worked_us = -LATELY_US, looked_us = -LET_GO_US;
    uint64_t behind = 0;

    pthread_setname_np(pthread_self(), "rounds"); // by itself: the sandbox lets no thread name another
    background_enter(rounds->options.log, "rounds");
    while (goes_on(rounds)) {
        if (look(rounds, &behind)) {
            worked_us = clock_steady_us();
            continue;
        }
        if (clock_steady_us() - looked_us >= LET_GO_US) {
            let_go(rounds);
            looked_us = clock_steady_us();
        }
        rest(rounds, clock_steady_us() - worked_us < LATELY_US ? SOON_MS : LOOK_MS);
    }
    drop_work(rounds);
    return NULL;
}

int
rounds_start(const struct rounds_options *options, struct rounds **out)
{
    struct rounds *rounds = calloc(1, sizeof *rounds);
    int rc;

    if (rounds == NULL)
        return STORE_FAULT_MEMORY;
    rounds->options = *options;
    rounds->arena = arena_new(SIZE_MAX / 2);
    rc = rounds->arena == NULL ? STORE_FAULT_MEMORY : txn_new_read(options->store, &rounds->txn);
    if (rc == 0)
        rc = -pthread_create(&rounds->thread, NULL, run, rounds);
    if (rc != 0) {
        txn_free(rounds->txn);
        arena_free(rounds->arena);
        free(rounds);
        return rc;
    }
    *out = rounds;
    return 0;
}

void
rounds_finish(struct rounds *rounds)
{
    if (rounds == NULL)
        return;
    mailbox_notify(rounds->options.mailbox, MAILBOX_STOP);
    pthread_join(rounds->thread, NULL);
    txn_free(rounds->txn);
    arena_free(rounds->arena);
    free(rounds);
}
