// SPDX-License-Identifier: Apache-2.0
// The yardstick: what one core does in its own memory, without a network, a protocol or a store.
#include "tests/bench/contest.h"
#include "tests/bench/sliced.h"
#include "tests/bench/workload_options.h"
#include <stdio.h>
#include <string.h>

static int
ask(void *arg, const struct workload_query *query, struct top *top)
{
    sliced_ask(arg, query, top);
    return 0;
}

int
main(int argc, char **argv)
{
    static const struct workload_flag flags[] = {
        {"answers", "FILE", false}, {"core", "N", false}, {.name = NULL}};
    const char *values[2] = {NULL, NULL};
    struct workload_options options;
    struct workload *workload = NULL;
    struct sliced *sliced = NULL;
    int r = workload_options_read(argc, argv, &options, flags, values);

    if (r != 0)
        return r;
    if (options.form != WORKLOAD_FLAT) {
        fprintf(stderr, "limit: only --form flat\n");
        return 2;
    }
    r = contest_pin(contest_core(values[1]));
    if (r == 0)
        r = workload_make(&options, &workload);
    if (r == 0)
        r = sliced_new(workload, &sliced);
    if (r == 0) {
        struct contest contest = {"limit", workload, values[0], options.queries, CONTEST_RUNS, ask, sliced};
        struct contest_figures figures;
        char more[64];

        snprintf(more, sizeof more, ",\"bytes\":%zu", sliced_bytes(sliced));
        r = contest_run(&contest, &figures);
        if (r == 0)
            contest_print(&contest, &figures, more);
    }
    if (r != 0)
        fprintf(stderr, "limit: %s\n", strerror(r < 0 ? -r : r));
    sliced_free(sliced);
    workload_free(workload);
    return r == 0 ? 0 : 1;
}
