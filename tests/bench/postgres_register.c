// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/postgres_register.h"
#include "tests/bench/cells.h"
#include "tests/bench/crowd.h"
#include "tests/bench/postgres_form.h"
#include "tests/bench/unit_vector.h"
#include "tests/bench/workload.h"
#include <stdio.h>
#include <stdlib.h>

#define CONNECTIONS 16u
#define RUN_SECONDS 2.0
#define RUNS        5u

struct member {
    const struct workload *workload;
    PGconn *link;
    uint32_t number;
    struct link_params params;
};

static int
act(void *arg, uint64_t turn)
{
    struct member *member = arg;
    uint64_t index =
        (member->number * UINT64_C(7919) + turn * CONNECTIONS) % member->workload->options.offers;
    const struct workload_offer *offer = &member->workload->offers[index];
    struct unit_vector at = unit_vector_at(offer->lat_e6, offer->lon_e6);
    struct link_params *params = &member->params;
    char external_id[64], title[64];
    int32_t interests[WORKLOAD_OFFER_INTERESTS];
    PGresult *result;

    snprintf(external_id, sizeof external_id, "new-%u-%llu", member->number, (unsigned long long)turn);
    snprintf(title, sizeof title, "Aanbod %s", external_id);
    for (uint32_t i = 0; i < offer->n_interests; i++)
        interests[i] = offer->interests[i];
    params_start(params);
    params_text(params, external_id);
    params_int4(params, (int32_t)offer->partner + 1);
    params_int4(params, offer->kind);
    params_text(params, title);
    params_text(params, "Kennismaken, meedoen en leren. Kennismaken, meedoen en leren.");
    params_int4(params, offer->lat_e6);
    params_int4(params, offer->lon_e6);
    params_int4(params, offer->levels);
    params_int4(params, offer->seats);
    params_int4(params, (int32_t)offer->cost_cents);
    params_int4s(params, interests, offer->n_interests);
    params_int4(params, cells_at(offer->lat_e6, offer->lon_e6));
    params_float8(params, at.x);
    params_float8(params, at.y);
    params_float8(params, at.z);
    result = link_ask(member->link, params);
    if (result == NULL)
        return LINK_FAULT;
    PQclear(result);
    return 0;
}

static int
load(const char *folder, PGconn *link, const struct workload *workload)
{
    int r = form_load(&form_posting, folder, link, workload);

    if (r == 0)
        r = link_run_file(link, folder, "register", "create");
    if (r == 0)
        r = link_run_file(link, folder, "register", "index");
    if (r == 0)
        r = link_run(link, "VACUUM (FREEZE, ANALYZE)");
    return r == 0 ? link_run(link, "CHECKPOINT") : r;
}

// From n connections at once; first tells where the numbers of the members begin.
static int
run(const char *folder, const struct workload *workload, uint32_t n, uint32_t first,
    struct contest_figures *out)
{
    struct member *members = calloc(n, sizeof *members);
    void *list[CROWD_MAX];
    struct crowd crowd = {.n = n, .seconds = RUN_SECONDS, .runs = RUNS, .members = list, .act = act};
    int r = members == NULL ? LINK_FAULT : 0;

    for (uint32_t i = 0; i < n && r == 0; i++) {
        members[i].workload = workload;
        members[i].number = first + i;
        members[i].link = link_open();
        list[i] = &members[i];
        r = members[i].link == NULL ? LINK_FAULT
                                    : link_run_file(members[i].link, folder, "register", "session");
        if (r == 0)
            r = link_prepare_file(members[i].link, folder, "register", "ask");
    }
    if (r == 0)
        r = crowd_run(&crowd, out);
    for (uint32_t i = 0; i < n && members != NULL; i++)
        link_close(members[i].link);
    free(members);
    return r;
}

int
register_run(const char *folder, const struct workload *workload)
{
    PGconn *link = link_open();
    struct contest_figures many, one;
    int r = link == NULL ? LINK_FAULT : load(folder, link, workload);

    link_close(link);
    if (r == 0)
        r = run(folder, workload, CONNECTIONS, 0, &many);
    if (r == 0)
        r = run(folder, workload, 1, CONNECTIONS, &one);
    if (r == 0)
        printf("{\"name\":\"postgres_writes\",\"offers\":%u,\"runs\":%u,"
               "\"16x1\":{\"per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f},"
               "\"1x1\":{\"per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f}}\n",
               workload->options.offers, RUNS, many.rate, many.p50_us, many.p99_us, one.rate, one.p50_us,
               one.p99_us);
    return r;
}
