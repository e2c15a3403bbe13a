// SPDX-License-Identifier: Apache-2.0
// The server scores and sorts. The order of equal scores (mix) is 64-bit arithmetic that wraps around, which
// SQL does not have; so the server is asked for some more than wanted, and for many more should even those
// not reach below the score of the last one that is wanted.
#include "tests/bench/postgres_form.h"
#include "tests/bench/cells.h"
#include "tests/bench/unit_vector.h"
#include <stdio.h>

#define LEVELS_ALL 0xFFFF
#define COPY_BYTES (64u << 10)
#define LINE_BYTES 2048
#define FIRST_ASK  (2 * (int32_t)WORKLOAD_LIMIT)

static uint32_t
levels_of(const struct workload_offer *offer)
{
    return offer->levels == 0 ? LEVELS_ALL : offer->levels;
}

static int
posting_line(const struct workload_offer *offer, uint32_t id, char *out, size_t size)
{
    struct unit_vector at = unit_vector_at(offer->lat_e6, offer->lon_e6);
    int len = 0;

    for (uint32_t i = 0; i < offer->n_interests; i++)
        len += snprintf(out + len, size - (size_t)len, "%u\t%d\t%u\t%u\t%u\t%u\t%u\t%.17g\t%.17g\t%.17g\n",
                        offer->interests[i], cells_at(offer->lat_e6, offer->lon_e6), id, offer->cost_cents,
                        offer->kind, levels_of(offer), offer->seats, at.x, at.y, at.z);
    return len;
}

static int
postgis_line(const struct workload_offer *offer, uint32_t id, char *out, size_t size)
{
    struct unit_vector at = unit_vector_at(offer->lat_e6, offer->lon_e6);
    int len = snprintf(out, size, "%u\t%u\t%u\t%u\t%u\t{", id, offer->cost_cents, offer->kind,
                       levels_of(offer), offer->seats);

    for (uint32_t i = 0; i < offer->n_interests; i++)
        len += snprintf(out + len, size - (size_t)len, "%s%u", i == 0 ? "" : ",", offer->interests[i]);
    return len + snprintf(out + len, size - (size_t)len,
                          "}\t%.17g\t%.17g\t%.17g\tSRID=4326;POINT(%.6f %.6f)\n", at.x, at.y, at.z,
                          offer->lon_e6 / 1e6, offer->lat_e6 / 1e6);
}

// $5..$15, as sql/posting_ask.sql has them.
static void
shared_params(const struct workload_query *query, int32_t limit, struct link_params *out)
{
    struct unit_vector origin = unit_vector_at(query->lat_e6, query->lon_e6);
    int32_t total = 0;

    for (uint32_t i = 0; i < query->n_interests; i++)
        total += query->interest_weights[i];
    params_int4(out, query->kinds == 0 ? -1 : query->kinds << 1);
    params_int4(out, query->levels == 0 ? LEVELS_ALL : query->levels);
    params_int4(out, query->has_max_cost ? (int32_t)query->max_cost_cents : INT32_MAX);
    params_float8(out, origin.x);
    params_float8(out, origin.y);
    params_float8(out, origin.z);
    params_int4(out, total);
    params_int4(out, (int32_t)query->radius_m);
    params_int4(out, query->weight_interest);
    params_int4(out, query->weight_proximity);
    params_int4(out, limit);
}

static void
posting_params(const struct workload_query *query, int32_t limit, struct link_params *out)
{
    struct cells_range ranges[CELLS_ROWS_MAX];
    int32_t columns[4][WORKLOAD_QUERY_INTERESTS * CELLS_ROWS_MAX];
    uint32_t rows = cells_around(query->lat_e6, query->lon_e6, query->radius_m, ranges), n = 0;

    for (uint32_t i = 0; i < query->n_interests; i++)
        for (uint32_t row = 0; row < rows; row++, n++) {
            columns[0][n] = query->interests[i];
            columns[1][n] = query->interest_weights[i];
            columns[2][n] = ranges[row].first;
            columns[3][n] = ranges[row].last;
        }
    for (uint32_t i = 0; i < 4; i++)
        params_int4s(out, columns[i], n);
    shared_params(query, limit, out);
}

static void
postgis_params(const struct workload_query *query, int32_t limit, struct link_params *out)
{
    int32_t codes[WORKLOAD_QUERY_INTERESTS], weights[WORKLOAD_QUERY_INTERESTS];

    for (uint32_t i = 0; i < query->n_interests; i++) {
        codes[i] = query->interests[i];
        weights[i] = query->interest_weights[i];
    }
    params_int4s(out, codes, query->n_interests);
    params_int4s(out, weights, query->n_interests);
    params_float8(out, query->lon_e6 / 1e6);
    params_float8(out, query->lat_e6 / 1e6);
    shared_params(query, limit, out);
}

const struct form form_posting = {"postgres", "posting", "COPY posting FROM STDIN", posting_line,
                                  posting_params};
const struct form form_postgis = {"postgres_postgis", "postgis", "COPY offer FROM STDIN", postgis_line,
                                  postgis_params};

int
form_load(const struct form *form, const char *folder, PGconn *link, const struct workload *workload)
{
    char text[COPY_BYTES];
    int used = 0, r = link_run_file(link, folder, form->files, "create");

    if (r == 0)
        r = link_copy_start(link, form->copy);
    for (uint32_t i = 0; r == 0 && i < workload->options.offers; i++) {
        used += form->line(&workload->offers[i], i + 1, text + used, sizeof text - (size_t)used);
        if (used + LINE_BYTES < (int)sizeof text && i + 1 < workload->options.offers)
            continue;
        r = link_copy_put(link, text, used);
        used = 0;
    }
    if (r == 0)
        r = link_copy_end(link);
    if (r == 0)
        r = link_run_file(link, folder, form->files, "index");
    // A fresh visibility map, or an index-only scan looks into the table after all.
    if (r == 0)
        r = link_run(link, "VACUUM (FREEZE, ANALYZE)");
    return r == 0 ? link_run(link, "CHECKPOINT") : r;
}

int
form_open(const struct form *form, const char *folder, PGconn *link)
{
    int r = link_run_file(link, folder, form->files, "session");

    return r == 0 ? link_prepare_file(link, folder, form->files, "ask") : r;
}

int
form_ask(const struct form *form, PGconn *link, struct link_params *params,
         const struct workload_query *query, struct top *top)
{
    for (int32_t limit = FIRST_ASK;; limit *= 16) {
        PGresult *result;
        int n;

        params_start(params);
        form->params(query, limit, params);
        result = link_ask(link, params);
        if (result == NULL)
            return LINK_FAULT;
        n = PQntuples(result);
        // All, or so many that those left out score less than the last that is wanted.
        if (n < limit || link_int4(result, n - 1, 1) < link_int4(result, (int)WORKLOAD_LIMIT - 1, 1)) {
            top_start(top, query->tie_seed);
            for (int row = 0; row < n; row++)
                top_add(top, (uint32_t)link_int4(result, row, 0), (uint32_t)link_int4(result, row, 1),
                        (uint32_t)link_int4(result, row, 2));
            PQclear(result);
            return 0;
        }
        PQclear(result);
    }
}
