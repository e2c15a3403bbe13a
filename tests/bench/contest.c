// SPDX-License-Identifier: Apache-2.0
// The quantiles come from one pass over the queries with a look at the clock around each. Where that is done
// within half a second, the rate comes from passes without.
#include "tests/bench/contest.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUN_NANO    UINT64_C(500000000) // of a rate, at least
#define NANO_OF_SEC 1e9

uint64_t
contest_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double
contest_quantile(double *values, size_t n, double share)
{
    size_t place = (size_t)(share * (double)n);

    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, by_value);
    return values[place < n ? place : n - 1];
}

int
contest_core(const char *text)
{
    return text == NULL ? -1 : atoi(text);
}

int
contest_pin(int core)
{
    cpu_set_t set;

    if (core < 0)
        return 0;
    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : -errno;
}

int
contest_write(const char *path, const struct top *tops, uint32_t n)
{
    FILE *file = fopen(path, "we");
    int r;

    if (file == NULL)
        return -errno;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < tops[i].n; j++) {
            const struct hit *hit = &tops[i].hits[j];

            fprintf(file, "%s%u:%u:%u", j == 0 ? "" : " ", hit->offer, hit->score, hit->distance_m);
        }
        fputc('\n', file);
    }
    r = ferror(file) ? -EIO : 0;
    return fclose(file) != 0 ? -errno : r;
}

// Every query once, answers kept and written: this is the warming up too.
static int
run_answers(const struct contest *contest)
{
    uint32_t n = contest->workload->options.queries;
    struct top *tops = calloc(n, sizeof *tops);
    int r = tops == NULL ? -ENOMEM : 0;

    for (uint32_t i = 0; i < n && r == 0; i++)
        r = contest->ask(contest->arg, &contest->workload->queries[i], &tops[i]);
    if (r == 0 && contest->answers != NULL)
        r = contest_write(contest->answers, tops, n);
    free(tops);
    return r;
}

// One pass, with a look at the clock around each query.
static int
time_each(const struct contest *contest, double *micros, double *rate)
{
    uint64_t first = contest_clock(), start = first;

    for (uint32_t i = 0; i < contest->timed; i++) {
        struct top top;
        int r = contest->ask(contest->arg, &contest->workload->queries[i], &top);
        uint64_t now = contest_clock();

        if (r != 0)
            return r;
        micros[i] = (double)(now - start) / 1e3;
        start = now;
    }
    *rate = contest->timed * NANO_OF_SEC / (double)(start - first);
    return 0;
}

// Passes without, until the clock counts for nothing.
static int
time_all(const struct contest *contest, double *rate)
{
    uint64_t start = contest_clock(), now, asked = 0;

    do {
        for (uint32_t i = 0; i < contest->timed; i++, asked++) {
            struct top top;
            int r = contest->ask(contest->arg, &contest->workload->queries[i], &top);

            if (r != 0)
                return r;
        }
        now = contest_clock();
    } while (now - start < RUN_NANO);
    *rate = (double)asked * NANO_OF_SEC / (double)(now - start);
    return 0;
}

static int
run_once(const struct contest *contest, double *micros, struct contest_figures *out)
{
    int r = time_each(contest, micros, &out->rate);

    if (r == 0 && contest->timed * NANO_OF_SEC / out->rate < (double)RUN_NANO)
        r = time_all(contest, &out->rate);
    if (r != 0)
        return r;
    out->p50_us = contest_quantile(micros, contest->timed, 0.50);
    out->p99_us = contest_quantile(micros, contest->timed, 0.99);
    return 0;
}

struct contest_figures
contest_median(const struct contest_figures *runs, size_t n)
{
    double rates[CONTEST_RUNS], p50[CONTEST_RUNS], p99[CONTEST_RUNS];

    for (size_t i = 0; i < n; i++) {
        rates[i] = runs[i].rate;
        p50[i] = runs[i].p50_us;
        p99[i] = runs[i].p99_us;
    }
    return (struct contest_figures){contest_quantile(rates, n, 0.5), contest_quantile(p50, n, 0.5),
                                    contest_quantile(p99, n, 0.5)};
}

int
contest_run(const struct contest *contest, struct contest_figures *out)
{
    struct contest_figures runs[CONTEST_RUNS];
    double *micros = calloc(contest->timed, sizeof *micros);
    int r = micros == NULL ? -ENOMEM : run_answers(contest);

    for (uint32_t run = 0; run < contest->runs && r == 0; run++)
        r = run_once(contest, micros, &runs[run]);
    free(micros);
    if (r == 0)
        *out = contest_median(runs, contest->runs);
    return r;
}

void
contest_print(const struct contest *contest, const struct contest_figures *figures, const char *more)
{
    printf("{\"name\":\"%s\",\"offers\":%u,\"queries\":%u,\"timed\":%u,\"runs\":%u,\"qps_per_core\":%.1f,"
           "\"p50_us\":%.2f,"
           "\"p99_us\":%.2f%s}\n",
           contest->name, contest->workload->options.offers, contest->workload->options.queries,
           contest->timed, contest->runs, figures->rate, figures->p50_us, figures->p99_us, more);
}
