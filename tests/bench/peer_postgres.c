// SPDX-License-Identifier: Apache-2.0
// PostgreSQL as a contestant; to be run under with_postgres.sh, with the server on one core and this program
// on another. Asks from one connection, then from sixteen at once.
#include "tests/bench/crowd.h"
#include "tests/bench/postgres_form.h"
#include "tests/bench/postgres_register.h"
#include "tests/bench/workload_options.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 16u
#define RUN_SECONDS 2.0
#define RUNS        5u

struct peer {
    const struct form *form;
    const struct workload *workload;
    PGconn *link;
    uint32_t number;
    struct link_params params;
};

static int
ask(void *arg, const struct workload_query *query, struct top *top)
{
    struct peer *peer = arg;

    return form_ask(peer->form, peer->link, &peer->params, query, top);
}

static int
ask_turn(void *arg, uint64_t turn)
{
    const struct peer *peer = arg;
    uint32_t n = peer->workload->options.queries;
    struct top top;

    return ask(arg, &peer->workload->queries[(turn + peer->number * n / CONNECTIONS) % n], &top);
}

static int
open_peer(struct peer *peer, const struct form *form, const char *folder, const struct workload *workload)
{
    peer->form = form;
    peer->workload = workload;
    peer->link = link_open();
    return peer->link == NULL ? LINK_FAULT : form_open(form, folder, peer->link);
}

static int
run_crowd(const struct form *form, const char *folder, const struct workload *workload,
          struct contest_figures *out)
{
    struct peer *peers = calloc(CONNECTIONS, sizeof *peers);
    void *list[CONNECTIONS];
    struct crowd crowd = {CONNECTIONS, RUN_SECONDS, RUNS, list, ask_turn};
    int r = peers == NULL ? -ENOMEM : 0;

    for (uint32_t i = 0; i < CONNECTIONS && r == 0; i++) {
        peers[i].number = i;
        list[i] = &peers[i];
        r = open_peer(&peers[i], form, folder, workload);
    }
    if (r == 0)
        r = crowd_run(&crowd, out);
    for (uint32_t i = 0; i < CONNECTIONS && peers != NULL; i++)
        link_close(peers[i].link);
    free(peers);
    return r;
}

// The rate of a core is the better of the two, as a lone connection leaves the server idle between its
// requests.
static int
run_match(const struct form *form, const char *folder, const struct workload *workload, const char *answers,
          uint32_t timed)
{
    struct peer *peer = calloc(1, sizeof *peer);
    struct contest contest = {form->name, workload, answers, timed, RUNS, ask, peer};
    struct contest_figures one, many;
    PGconn *link = link_open();
    char more[160];
    int r = peer == NULL ? -ENOMEM : link == NULL ? LINK_FAULT : form_load(form, folder, link, workload);

    link_close(link);
    if (r == 0)
        r = open_peer(peer, form, folder, workload);
    if (r == 0)
        r = contest_run(&contest, &one);
    if (r == 0)
        r = run_crowd(form, folder, workload, &many);
    if (r == 0) {
        snprintf(more, sizeof more,
                 ",\"one_qps\":%.1f,\"16x1\":{\"qps\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f}", one.rate,
                 many.rate, many.p50_us, many.p99_us);
        one.rate = many.rate > one.rate ? many.rate : one.rate;
        contest_print(&contest, &one, more);
    }
    if (peer != NULL)
        link_close(peer->link);
    free(peer);
    return r;
}

int
main(int argc, char **argv)
{
    static const struct workload_flag flags[] = {{"answers", "FILE", false},
                                                 {"core", "N", false},
                                                 {"sql", "DIR", false},
                                                 {"timed", "N", false},
                                                 {"way", "posting|postgis|register", true},
                                                 {.name = NULL}};
    const char *values[5] = {NULL, NULL, "tests/bench/sql", NULL, NULL};
    struct workload_options options;
    struct workload *workload = NULL;
    uint32_t timed;
    int r = workload_options_read(argc, argv, &options, flags, values);

    if (r != 0 || options.form != WORKLOAD_FLAT) {
        fputs(r == 0 ? "postgres: only --form flat\n" : "", stderr);
        return 2;
    }
    timed = values[3] == NULL ? options.queries : (uint32_t)atoi(values[3]);
    timed = timed == 0 || timed > options.queries ? options.queries : timed;
    r = contest_pin(contest_core(values[1]));
    if (r == 0)
        r = workload_make(&options, &workload);
    if (r == 0 && strcmp(values[4], "register") == 0)
        r = register_run(values[2], workload);
    else if (r == 0)
        r = run_match(strcmp(values[4], "postgis") == 0 ? &form_postgis : &form_posting, values[2], workload,
                      values[0], timed);
    if (r < 0)
        fprintf(stderr, "postgres: %s\n", strerror(-r));
    workload_free(workload);
    return r == 0 ? 0 : 1;
}
