// SPDX-License-Identifier: Apache-2.0
// Each thread keeps the time that each of its turns took, up to a fixed number; they are put together after a
// run.
#include "tests/bench/crowd.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TURNS_KEPT (1u << 17) // of a thread in a run

struct thread {
    const struct crowd *crowd;
    void *member;
    uint64_t turn;  // the next one
    uint64_t until; // end of the run
    uint64_t ended; // of the last turn
    uint64_t turns; // in this run
    double *micros;
    pthread_t id;
    uint32_t kept;
    int result;
};

static void *
run_thread(void *arg)
{
    struct thread *thread = arg;
    uint64_t now = contest_clock();

    thread->kept = 0;
    thread->turns = 0;
    do {
        uint64_t start = now;

        thread->result = thread->crowd->act(thread->member, thread->turn++);
        now = contest_clock();
        thread->turns++;
        if (thread->kept < TURNS_KEPT)
            thread->micros[thread->kept++] = (double)(now - start) / 1e3;
    } while (thread->result == 0 && now < thread->until);
    thread->ended = now;
    return NULL;
}

static int
run_once(const struct crowd *crowd, struct thread *threads, double *micros, struct contest_figures *out)
{
    uint64_t start = contest_clock(), ended = start, turns = 0;
    uint32_t started = 0;
    size_t n = 0;
    int r = 0;

    for (; started < crowd->n && r == 0; started += r == 0) {
        threads[started].until = start + (uint64_t)(crowd->seconds * 1e9);
        r = -pthread_create(&threads[started].id, NULL, run_thread, &threads[started]);
    }
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(threads[i].id, NULL);
        memcpy(micros + n, threads[i].micros, threads[i].kept * sizeof *micros);
        n += threads[i].kept;
        turns += threads[i].turns;
        ended = threads[i].ended > ended ? threads[i].ended : ended;
        r = r == 0 ? threads[i].result : r;
    }
    out->rate = (double)turns / ((double)(ended - start) / 1e9);
    out->p50_us = contest_quantile(micros, n, 0.50);
    out->p99_us = contest_quantile(micros, n, 0.99);
    return r;
}

int
crowd_run(const struct crowd *crowd, struct contest_figures *out)
{
    struct thread threads[CROWD_MAX];
    struct contest_figures runs[CONTEST_RUNS];
    double *micros = calloc((size_t)crowd->n * 2, TURNS_KEPT * sizeof *micros);
    int r = micros == NULL ? -ENOMEM : 0;

    for (uint32_t i = 0; i < crowd->n && r == 0; i++)
        threads[i] = (struct thread){.crowd = crowd,
                                     .member = crowd->members[i],
                                     .micros = micros + (size_t)(crowd->n + i) * TURNS_KEPT};
    for (uint32_t run = 0; run < crowd->runs && r == 0; run++)
        r = run_once(crowd, threads, micros, &runs[run]);
    free(micros);
    if (r == 0)
        *out = contest_median(runs, crowd->runs);
    return r;
}
