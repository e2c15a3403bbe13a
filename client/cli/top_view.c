// SPDX-License-Identifier: Apache-2.0
// The page: what fits on a small terminal comes first, the list that may be long last.
#include "client/cli/top_view.h"
#include "client/cli/json.h"
#include "client/cli/top_rates.h"
#include "proto/names.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 32u // bytes with the end

// ---- Texts

static const char *
bytes_text(uint64_t bytes, char out[TEXT_MAX])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;

    for (; value >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        value /= 1024;
    snprintf(out, TEXT_MAX, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}

static const char *
time_text(double us, char out[TEXT_MAX])
{
    if (us < 1000)
        snprintf(out, TEXT_MAX, "%.0f us", us);
    else if (us < 1e6)
        snprintf(out, TEXT_MAX, "%.1f ms", us / 1e3);
    else
        snprintf(out, TEXT_MAX, "%.1f s", us / 1e6);
    return out;
}

static const char *
bound_text(bool any, uint64_t us, char out[TEXT_MAX])
{
    return any ? time_text((double)us, out) : "-";
}

static const char *
uptime_text(uint64_t seconds, char out[TEXT_MAX])
{
    uint64_t days = seconds / 86400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;

    if (days > 0)
        snprintf(out, TEXT_MAX, "%" PRIu64 "d %02" PRIu64 ":%02" PRIu64, days, hours, minutes);
    else
        snprintf(out, TEXT_MAX, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, hours, minutes, seconds % 60);
    return out;
}

static uint64_t
record_count(const Kansen__V1__StatusDetails *details, const char *name)
{
    for (size_t i = 0; i < details->n_records; i++)
        if (strcmp(details->records[i]->name, name) == 0)
            return details->records[i]->count;
    return 0;
}

// ---- The page

static void
print_daemon(FILE *out, const Kansen__V1__StatusResponse *status, const struct top_rates *rates)
{
    const Kansen__V1__StatusDetails *details = status->details;
    char uptime[TEXT_MAX], memory[TEXT_MAX];

    fprintf(out, "kansend %s  up %s  workers %u  cpu %.1f%%  memory %s\n", status->server_version,
            uptime_text(status->uptime_s, uptime), status->workers, rates->cpu,
            bytes_text(status->resident_bytes, memory));
    fprintf(out, "connections %u of %" PRIu64 " (%" PRIu64 " unidentified)\n", status->connections,
            details->connections_limit, details->connections_unidentified);
    fprintf(out, "requests    %.1f/s, %.1f/s not OK; %" PRIu64 " answered since the start\n", rates->requests,
            rates->failed, status->requests);
}

static void
print_writes(FILE *out, const Kansen__V1__StatusResponse *status, const struct top_rates *rates)
{
    const Kansen__V1__StatusDetails *details = status->details;
    char p50[TEXT_MAX], p99[TEXT_MAX], memory[TEXT_MAX];

    fprintf(out, "writes      %.1f/s in %.1f commits/s, %.1f each; commits take p50 %s, p99 %s\n",
            rates->writes, rates->commits, rates->writes_each,
            bound_text(rates->commit_times.any, rates->commit_times.p50_us, p50),
            bound_text(rates->commit_times.any, rates->commit_times.p99_us, p99));
    fprintf(out, "queues      writes %u of %" PRIu64 " (%s), long reads %u waiting, %" PRIu64 " refused\n",
            status->write_queue, details->write_queue_limit, bytes_text(details->write_queue_bytes, memory),
            status->long_reads_waiting, status->long_reads_refused);
}

static void
print_store(FILE *out, const Kansen__V1__StatusResponse *status, const struct top_rates *rates)
{
    const Kansen__V1__StatusDetails *details = status->details;
    char used[TEXT_MAX], limit[TEXT_MAX], unused[TEXT_MAX], age[TEXT_MAX];

    fprintf(out, "store       %s of %s, %s free in it; snapshots %" PRIu64 ", oldest %s\n",
            bytes_text(status->store_used_bytes, used), bytes_text(status->store_map_bytes, limit),
            bytes_text(details->store_free_bytes, unused), details->snapshots,
            time_text((double)details->oldest_snapshot_ms * 1000, age));
    fprintf(out, "journal     %" PRIu64 ", %.1f/s\n", status->sequence, rates->journal);
    fprintf(out,
            "placements  %" PRIu64 ": seated %" PRIu64 ", waiting %" PRIu64 ", held %" PRIu64
            "; students %" PRIu64 ", partners %" PRIu64 "\n",
            record_count(details, "placement"), record_count(details, "seated_placement"),
            record_count(details, "waiting_placement"), record_count(details, "hold"),
            record_count(details, "student"), status->partners);
}

static void
print_counters(FILE *out, const struct top_rates *rates)
{
    fputs("refusals   ", out);
    for (size_t i = 0; i < rates->n_counters; i++)
        fprintf(out, "%s %s %.1f/s (%" PRIu64 ")", i == 0 ? "" : ",", rates->counters[i].name,
                rates->counters[i].rate, rates->counters[i].total);
    fputs(rates->n_counters == 0 ? " none\n" : "\n", out);
}

static void
print_kinds(FILE *out, const Kansen__V1__StatusDetails *details)
{
    fprintf(out, "\n%-20s %12s %12s %12s\n", "KIND", "OFFERS", "OPEN", "SEATS FREE");
    for (size_t i = 0; i < details->n_kinds; i++) {
        const Kansen__V1__KindFigures *kind = details->kinds[i];
        const char *name = names_text(&names_offer_kind, (int)kind->kind);

        fprintf(out, "%-20s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n", name == NULL ? "unknown" : name,
                kind->offers, kind->open, kind->seats_free);
    }
}

static void
print_requests(FILE *out, const struct top_rates *rates)
{
    fprintf(out, "\n%-20s %10s %10s %10s %10s %10s %14s\n", "REQUEST", "/S", "NOT OK/S", "P50", "P99", "MEAN",
            "TOTAL");
    for (size_t i = 0; i < rates->n_requests; i++) {
        const struct top_request *request = &rates->by_request[i];
        char p50[TEXT_MAX], p99[TEXT_MAX], mean[TEXT_MAX];

        fprintf(out, "%-20s %10.1f %10.1f %10s %10s %10s %14" PRIu64 "\n", request->name, request->rate,
                request->failed_rate, bound_text(request->times.any, request->times.p50_us, p50),
                bound_text(request->times.any, request->times.p99_us, p99),
                request->times.any ? time_text(request->mean_us, mean) : "-", request->total);
    }
}

char *
top_view_text(const struct top_sample *before, const struct top_sample *now)
{
    struct top_rates *rates = malloc(sizeof *rates);
    char *text = NULL;
    size_t size;
    FILE *out = rates == NULL ? NULL : open_memstream(&text, &size);

    if (out == NULL) {
        free(rates);
        return NULL;
    }
    top_rates_of(before, now, rates);
    print_daemon(out, now->status, rates);
    print_writes(out, now->status, rates);
    print_store(out, now->status, rates);
    print_counters(out, rates);
    print_kinds(out, now->status->details);
    print_requests(out, rates);
    free(rates);
    if (ferror(out) | (fclose(out) != 0)) {
        free(text);
        return NULL;
    }
    return text;
}

// ---- JSON

// With three digits behind the point.
static void
put_rate(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, json_real((double)(int64_t)(value * 1000 + 0.5) / 1000));
}

static void
put_times(json_t *object, const struct top_times *times)
{
    if (!times->any)
        return;
    json_put_number(object, "p50_us", times->p50_us);
    json_put_number(object, "p99_us", times->p99_us);
}

static json_t *
requests_json(const struct top_rates *rates)
{
    json_t *array = json_array();

    for (size_t i = 0; i < rates->n_requests; i++) {
        const struct top_request *request = &rates->by_request[i];
        json_t *object = json_object();

        json_put_text(object, "request", request->name);
        json_put_number(object, "total", request->total);
        put_rate(object, "per_second", request->rate);
        put_rate(object, "failed_per_second", request->failed_rate);
        if (request->times.any)
            put_rate(object, "mean_us", request->mean_us);
        put_times(object, &request->times);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *
kinds_json(const Kansen__V1__StatusDetails *details)
{
    json_t *array = json_array();

    for (size_t i = 0; i < details->n_kinds; i++) {
        json_t *object = json_object();

        json_put_word(object, "kind", &names_offer_kind, (int)details->kinds[i]->kind);
        json_put_number(object, "offers", details->kinds[i]->offers);
        json_put_number(object, "open", details->kinds[i]->open);
        json_put_number(object, "seats_free", details->kinds[i]->seats_free);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *
counts_json(Kansen__V1__Counter *const *counters, size_t n)
{
    json_t *object = json_object();

    for (size_t i = 0; i < n; i++)
        json_put_number(object, counters[i]->name, counters[i]->count);
    return object;
}

static void
put_store(json_t *object, const Kansen__V1__StatusResponse *status)
{
    const Kansen__V1__StatusDetails *details = status->details;

    json_put_number(object, "store_used_bytes", status->store_used_bytes);
    json_put_number(object, "store_map_bytes", status->store_map_bytes);
    json_put_number(object, "store_free_bytes", details->store_free_bytes);
    json_put_number(object, "snapshots", details->snapshots);
    json_put_number(object, "oldest_snapshot_ms", details->oldest_snapshot_ms);
    json_put_number(object, "sequence", status->sequence);
    json_object_set_new(object, "records", counts_json(details->records, details->n_records));
    json_object_set_new(object, "kinds", kinds_json(details));
}

static void
put_daemon(json_t *object, const Kansen__V1__StatusResponse *status)
{
    const Kansen__V1__StatusDetails *details = status->details;

    json_put_text(object, "server_version", status->server_version);
    json_put_number(object, "uptime_s", status->uptime_s);
    json_put_number(object, "workers", status->workers);
    json_put_number(object, "resident_bytes", status->resident_bytes);
    json_put_number(object, "connections", status->connections);
    json_put_number(object, "connections_limit", details->connections_limit);
    json_put_number(object, "connections_unidentified", details->connections_unidentified);
    json_put_number(object, "write_queue", status->write_queue);
    json_put_number(object, "write_queue_limit", details->write_queue_limit);
    json_put_number(object, "write_queue_bytes", details->write_queue_bytes);
    json_put_number(object, "long_reads_waiting", status->long_reads_waiting);
}

json_t *
top_view_json(const struct top_sample *before, const struct top_sample *now)
{
    struct top_rates *rates = malloc(sizeof *rates);
    json_t *object = json_object(), *commits = json_object();

    if (rates == NULL) {
        json_decref(object);
        json_decref(commits);
        return NULL;
    }
    top_rates_of(before, now, rates);
    put_rate(object, "seconds", rates->seconds);
    put_daemon(object, now->status);
    put_rate(object, "cpu_percent", rates->cpu);
    put_rate(object, "requests_per_second", rates->requests);
    put_rate(object, "failed_per_second", rates->failed);
    put_rate(object, "writes_per_second", rates->writes);
    put_rate(commits, "per_second", rates->commits);
    put_rate(commits, "writes_each", rates->writes_each);
    put_times(commits, &rates->commit_times);
    json_object_set_new(object, "commits", commits);
    put_rate(object, "journal_per_second", rates->journal);
    put_store(object, now->status);
    json_object_set_new(object, "counters", counts_json(now->status->counters, now->status->n_counters));
    json_object_set_new(object, "requests", requests_json(rates));
    free(rates);
    return object;
}
