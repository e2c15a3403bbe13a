// SPDX-License-Identifier: Apache-2.0
// The same figures as the metrics, by the protocol. Classes of times are told whole, so that whoever asks
// twice knows the times in between.
#include "rpc/answer_details.h"
#include "proto/names.h"
#include "rpc/figures.h"
#include "rpc/requests.h"
#include "rpc/service.h"
#include "rpc/tally.h"
#include "store/store.h"
#include <sys/resource.h>

// Copies the counts up to the last one that is not 0.
static int
copy_counts(struct arena *arena, const struct histogram_sum *sum, size_t *n, uint64_t **out)
{
    *n = HISTOGRAM_BUCKETS;
    while (*n > 0 && sum->counts[*n - 1] == 0)
        --*n;
    if (*n == 0)
        return 0;
    *out = arena_array(arena, *n, sizeof **out);
    if (*out == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = sum->counts[i];
    return 0;
}

static int
fill_bounds(struct arena *arena, Kansen__V1__StatusDetails *details)
{
    details->latency_bounds_us = arena_array(arena, HISTOGRAM_BUCKETS, sizeof(uint64_t));
    if (details->latency_bounds_us == NULL)
        return STORE_FAULT_MEMORY;
    details->n_latency_bounds_us = HISTOGRAM_BUCKETS;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        details->latency_bounds_us[i] = histogram_most(i);
    return 0;
}

static int
add_request(struct arena *arena, uint32_t body, const struct tally_sum *sum,
            Kansen__V1__StatusDetails *details)
{
    const struct request_row *row = requests_find(body);
    Kansen__V1__RequestFigures *figures = arena_alloc(arena, sizeof *figures);

    if (figures == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__request_figures__init(figures);
    figures->request = (char *)(row == NULL ? "unknown" : row->name);
    figures->ok = sum->codes[CODE_OK];
    for (unsigned code = CODE_OK + 1; code < TALLY_CODES; code++)
        figures->failed += sum->codes[code];
    figures->latency_sum_us = sum->latency_us.sum;
    details->requests[details->n_requests++] = figures;
    return copy_counts(arena, &sum->latency_us, &figures->n_latency_counts, &figures->latency_counts);
}

static int
fill_requests(const struct call *call, Kansen__V1__StatusDetails *details)
{
    int rc = 0;

    details->requests = arena_array(call->arena, requests_end(), sizeof(Kansen__V1__RequestFigures *));
    if (details->requests == NULL)
        return STORE_FAULT_MEMORY;
    for (uint32_t body = 0; body < requests_end() && rc == 0; body++) {
        struct tally_sum sum;

        tallies_sum(call->service->tallies, body, &sum);
        if (sum.latency_us.count > 0)
            rc = add_request(call->arena, body, &sum, details);
    }
    return rc;
}

static int
fill_kinds(struct arena *arena, const struct figures *figures, Kansen__V1__StatusDetails *details)
{
    Kansen__V1__KindFigures *all = arena_array(arena, CENSUS_KINDS, sizeof *all);

    details->kinds = arena_array(arena, CENSUS_KINDS, sizeof(Kansen__V1__KindFigures *));
    if (all == NULL || details->kinds == NULL)
        return STORE_FAULT_MEMORY;
    for (unsigned kind = 0; kind < CENSUS_KINDS; kind++) {
        Kansen__V1__KindFigures *one = &all[details->n_kinds];

        if (names_text(&names_offer_kind, (int)kind) == NULL)
            continue;
        kansen__v1__kind_figures__init(one);
        one->kind = (Kansen__V1__OfferKind)kind;
        one->offers = figures->store.kinds[kind].offers;
        one->open = figures->store.kinds[kind].open;
        one->seats_free = figures->store.kinds[kind].seats;
        details->kinds[details->n_kinds++] = one;
    }
    return 0;
}

static int
fill_records(struct arena *arena, const struct figures *figures, Kansen__V1__StatusDetails *details)
{
    Kansen__V1__Counter *all = arena_array(arena, CENSUS_RECORD_COUNT, sizeof *all);

    details->records = arena_array(arena, CENSUS_RECORD_COUNT, sizeof(Kansen__V1__Counter *));
    if (all == NULL || details->records == NULL)
        return STORE_FAULT_MEMORY;
    for (unsigned i = 0; i < CENSUS_RECORD_COUNT; i++) {
        kansen__v1__counter__init(&all[i]);
        all[i].name = (char *)census_name(i);
        all[i].count = figures->store.counts.records[i];
        details->records[details->n_records++] = &all[i];
    }
    return 0;
}

static void
fill_numbers(const struct figures *figures, Kansen__V1__StatusDetails *details)
{
    struct rusage usage;

    details->committed_writes = figures->commit_writes.sum;
    details->write_queue_limit = figures->queue_max_requests;
    details->write_queue_bytes = figures->queue_bytes;
    details->connections_limit = figures->max_connections;
    details->connections_unidentified = figures->strangers;
    details->store_free_bytes = figures->free_bytes;
    details->snapshots = figures->snapshots;
    details->oldest_snapshot_ms = figures->store.oldest_reader_us / 1000;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        details->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                          (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int
answer_details_fill(struct call *call, Kansen__V1__StatusResponse *answer)
{
    Kansen__V1__StatusDetails *details = arena_alloc(call->arena, sizeof *details);
    struct figures *figures = arena_alloc(call->arena, sizeof *figures);
    int rc;

    if (details == NULL || figures == NULL)
        return STORE_FAULT_MEMORY;
    figures_read(call->service, figures);
    kansen__v1__status_details__init(details);
    fill_numbers(figures, details);
    rc = fill_bounds(call->arena, details);
    if (rc == 0)
        rc =
            copy_counts(call->arena, &figures->commit_us, &details->n_commit_counts, &details->commit_counts);
    if (rc == 0)
        rc = fill_requests(call, details);
    if (rc == 0)
        rc = fill_kinds(call->arena, figures, details);
    if (rc == 0)
        rc = fill_records(call->arena, figures, details);
    answer->details = details;
    return rc;
}
