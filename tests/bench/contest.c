// SPDX-License-Identifier: Apache-2.0
// A run has two parts: passes over all queries without a look at the clock between them, for the rate; and
// one pass with a look at the clock before and after each query, for the quantiles.
#include "tests/bench/contest.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS        7
#define RUN_NANO    UINT64_C(500000000) // least duration of the first part of a run
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

static int
run_rate(const struct contest *contest, double *rate)
{
    uint32_t n = contest->workload->options.queries, passes = 0;
    uint64_t start = contest_clock(), now;

    do {
        for (uint32_t i = 0; i < n; i++) {
            struct top top;
            int r = contest->ask(contest->arg, &contest->workload->queries[i], &top);

            if (r != 0)
                return r;
        }
        passes++;
        now = contest_clock();
    } while (now - start < RUN_NANO);
    *rate = (double)passes * n * NANO_OF_SEC / (double)(now - start);
    return 0;
}

static int
run_latency(const struct contest *contest, double *micros)
{
    for (uint32_t i = 0; i < contest->workload->options.queries; i++) {
        struct top top;
        uint64_t start = contest_clock();
        int r = contest->ask(contest->arg, &contest->workload->queries[i], &top);

        if (r != 0)
            return r;
        micros[i] = (double)(contest_clock() - start) / 1e3;
    }
    return 0;
}

int
contest_run(const struct contest *contest)
{
    uint32_t n = contest->workload->options.queries;
    double rates[RUNS], p50[RUNS], p99[RUNS], *micros = calloc(n, sizeof *micros);
    int r = micros == NULL ? -ENOMEM : run_answers(contest);

    for (int run = 0; run < RUNS && r == 0; run++) {
        r = run_rate(contest, &rates[run]);
        if (r == 0)
            r = run_latency(contest, micros);
        p50[run] = contest_quantile(micros, n, 0.50);
        p99[run] = contest_quantile(micros, n, 0.99);
    }
    free(micros);
    if (r != 0)
        return r;
    printf("{\"name\":\"%s\",\"offers\":%u,\"queries\":%u,\"runs\":%d,\"qps_per_core\":%.1f,\"p50_us\":%.2f,"
           "\"p99_us\":%.2f,\"bytes\":%zu}\n",
           contest->name, contest->workload->options.offers, n, RUNS, contest_quantile(rates, RUNS, 0.5),
           contest_quantile(p50, RUNS, 0.5), contest_quantile(p99, RUNS, 0.5), contest->bytes);
    return 0;
}
