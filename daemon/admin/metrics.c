// SPDX-License-Identifier: Apache-2.0
// A row makes a metric. Labels are bounded: requests, codes, reasons, kinds and records are tables of ours,
// so the number of samples grows with none of what clients send.
#include "admin/metrics.h"
#include "admin/exposition.h"
#include "admin/process.h"
#include "base/version.h"
#include "proto/names.h"
#include "rpc/figures.h"
#include "rpc/requests.h"
#include "rpc/service.h"
#include "rpc/tally.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#define LABELS_MAX   96u // bytes with the end
#define LATENCY_FROM 4u  // 16 microseconds
#define LATENCY_TO   26u // below 67 seconds
#define WRITES_FROM  1u
#define WRITES_TO    14u

// What all metrics are read from.
struct page {
    struct exposition text;
    struct service *service;
    struct figures figures;
    struct process process;
    uint64_t started_us, looked_us, certificate_us, alive;
};

struct metric {
    const char *name;
    enum exposition_type type;
    const char *help;
    void (*write)(struct page *page, const struct metric *metric);
    size_t at; // for write(): of the value in struct page, or in what it goes through
};

// ---- How values are read

static const void *
value_at(const struct page *page, const struct metric *metric)
{
    return (const char *)page + metric->at;
}

static void
write_number(struct page *page, const struct metric *metric)
{
    exposition_sample(&page->text, metric->name, "", EXPOSITION_ONE,
                      *(const uint64_t *)value_at(page, metric));
}

static void
write_us(struct page *page, const struct metric *metric)
{
    exposition_sample(&page->text, metric->name, "", EXPOSITION_SECONDS,
                      *(const uint64_t *)value_at(page, metric));
}

static void
write_commit_times(struct page *page, const struct metric *metric)
{
    exposition_histogram(&page->text, metric->name, "", EXPOSITION_SECONDS, LATENCY_FROM, LATENCY_TO,
                         value_at(page, metric));
}

static void
write_commit_sizes(struct page *page, const struct metric *metric)
{
    exposition_histogram(&page->text, metric->name, "", EXPOSITION_ONE, WRITES_FROM, WRITES_TO,
                         value_at(page, metric));
}

static void
write_build(struct page *page, const struct metric *metric)
{
    char labels[LABELS_MAX];

    snprintf(labels, sizeof labels, "version=\"%s\",store_format=\"%u\",semantics=\"%u\"", KANSEN_VERSION,
             STORE_FORMAT, STORE_SEMANTICS);
    exposition_sample(&page->text, metric->name, labels, EXPOSITION_ONE, 1);
}

// Number 0 is what is no request that this version knows.
static const char *
request_name(uint32_t body)
{
    const struct request_row *row = requests_find(body);

    if (row == NULL)
        return body == 0 ? "unknown" : NULL;
    return row->name;
}

// OK of every request, so that a rate has a start; of the other codes those that occurred.
static void
write_requests(struct page *page, const struct metric *metric)
{
    for (uint32_t body = 0; body < requests_end(); body++) {
        const char *name = request_name(body);
        struct tally_sum sum;

        if (name == NULL)
            continue;
        tallies_sum(page->service->tallies, body, &sum);
        for (unsigned code = 0; code < TALLY_CODES; code++) {
            char labels[LABELS_MAX];

            if (code != CODE_OK && sum.codes[code] == 0)
                continue;
            snprintf(labels, sizeof labels, "request=\"%s\",code=\"%s\"", name,
                     names_text(&names_code, (int)code));
            exposition_sample(&page->text, metric->name, labels, EXPOSITION_ONE, sum.codes[code]);
        }
    }
}

static void
write_latencies(struct page *page, const struct metric *metric)
{
    for (uint32_t body = 0; body < requests_end(); body++) {
        const char *name = request_name(body);
        struct tally_sum sum;
        char labels[LABELS_MAX];

        if (name == NULL)
            continue;
        tallies_sum(page->service->tallies, body, &sum);
        snprintf(labels, sizeof labels, "request=\"%s\"", name);
        exposition_histogram(&page->text, metric->name, labels, EXPOSITION_SECONDS, LATENCY_FROM, LATENCY_TO,
                             &sum.latency_us);
    }
}

static void
write_refusals(struct page *page, const struct metric *metric)
{
    for (unsigned i = 0; i < COUNTERS; i++) {
        char labels[LABELS_MAX];

        snprintf(labels, sizeof labels, "reason=\"%s\"", counters_name(i));
        exposition_sample(&page->text, metric->name, labels, EXPOSITION_ONE,
                          counters_get(&page->service->counters, i));
    }
}

static void
write_records(struct page *page, const struct metric *metric)
{
    for (unsigned i = 0; i < CENSUS_RECORD_COUNT; i++) {
        char labels[LABELS_MAX];

        snprintf(labels, sizeof labels, "record=\"%s\"", census_name(i));
        exposition_sample(&page->text, metric->name, labels, EXPOSITION_ONE,
                          page->figures.store.counts.records[i]);
    }
}

// metric->at: of the member of struct census_kind.
static void
write_kinds(struct page *page, const struct metric *metric)
{
    for (unsigned kind = 0; kind < CENSUS_KINDS; kind++) {
        const char *name = names_text(&names_offer_kind, (int)kind);
        const char *counts = (const char *)&page->figures.store.kinds[kind];
        char labels[LABELS_MAX];

        if (name == NULL)
            continue;
        snprintf(labels, sizeof labels, "kind=\"%s\"", name);
        exposition_sample(&page->text, metric->name, labels, EXPOSITION_ONE,
                          *(const uint64_t *)(const void *)(counts + metric->at));
    }
}

// ---- The table

#define AT(member)      offsetof(struct page, member)
#define FIGURE(member)  offsetof(struct page, figures.member)
#define OF_KIND(member) offsetof(struct census_kind, member)
#define COUNTER         EXPOSITION_COUNTER
#define GAUGE           EXPOSITION_GAUGE
#define HISTOGRAM       EXPOSITION_HISTOGRAM

static const struct metric table[] = {
    {"kansen_build_info", GAUGE, "Always 1; the labels tell version, format of the store and semantics.",
     write_build, 0},
    {"kansen_serving", GAUGE, "1 while requests are served, 0 while the daemon starts or drains.",
     write_number, FIGURE(serving)},
    {"kansen_alive", GAUGE, "1 while the loops of all threads and the writer answer, as /healthz tells.",
     write_number, AT(alive)},
    {"kansen_workers", GAUGE, "Worker threads.", write_number, FIGURE(workers)},
    {"kansen_connections", GAUGE, "Connections that are open.", write_number, FIGURE(connections)},
    {"kansen_connections_limit", GAUGE, "Connections that may be open.", write_number,
     FIGURE(max_connections)},
    {"kansen_connections_unidentified", GAUGE, "Open connections on which nobody has said who calls.",
     write_number, FIGURE(strangers)},
    {"kansen_requests_total", COUNTER, "Requests that were answered, by request and code.", write_requests,
     0},
    {"kansen_request_duration_seconds", HISTOGRAM,
     "Time from the arrival of a request until its answer was ready to be sent.", write_latencies, 0},
    {"kansen_refusals_total", COUNTER, "Limits that were met and requests that were refused, by reason.",
     write_refusals, 0},
    {"kansen_long_reads_waiting", GAUGE, "Reads that wait for a reading thread.", write_number,
     FIGURE(long_waiting)},
    {"kansen_long_reads_total", COUNTER, "Reads that reading threads have done.", write_number,
     FIGURE(long_done)},
    {"kansen_long_reads_refused_total", COUNTER, "Reads that were refused, as too many waited.", write_number,
     FIGURE(long_refused)},
    {"kansen_long_read_longest_seconds", GAUGE, "Longest time of a read in its thread since the start.",
     write_us, FIGURE(long_longest_us)},
    {"kansen_tasks_waiting", GAUGE, "Backups that wait behind the one that is written.", write_number,
     FIGURE(tasks_waiting)},
    {"kansen_tasks_total", COUNTER, "Backups that are whole.", write_number, FIGURE(tasks_done)},
    {"kansen_tasks_failed_total", COUNTER, "Backups that failed, or were broken off.", write_number,
     FIGURE(tasks_failed)},
    {"kansen_backup_newest_timestamp_seconds", GAUGE,
     "When the newest backup became whole, seconds since 1970; 0 = there is none in the backup directory.",
     write_us, FIGURE(backed_up_us)},
    {"kansen_write_queue_requests", GAUGE, "Requests that wait for the writer.", write_number,
     FIGURE(queue_requests)},
    {"kansen_write_queue_requests_limit", GAUGE, "Requests that may wait for the writer.", write_number,
     FIGURE(queue_max_requests)},
    {"kansen_write_queue_bytes", GAUGE, "Memory of the requests that wait for the writer.", write_number,
     FIGURE(queue_bytes)},
    {"kansen_write_queue_bytes_limit", GAUGE, "Memory that requests may take that wait for the writer.",
     write_number, FIGURE(queue_max_bytes)},
    {"kansen_commits_total", COUNTER, "Commits that are on disk.", write_number, FIGURE(commits)},
    {"kansen_commit_failures_total", COUNTER, "Groups of writes that could not be put on disk as one.",
     write_number, FIGURE(commit_failures)},
    {"kansen_commit_duration_seconds", HISTOGRAM, "Time that it took to put the changes of a commit on disk.",
     write_commit_times, FIGURE(commit_us)},
    {"kansen_commit_writes", HISTOGRAM, "Writes in a commit.", write_commit_sizes, FIGURE(commit_writes)},
    {"kansen_store_size_bytes", GAUGE, "Size of the file of the store.", write_number, FIGURE(file_bytes)},
    {"kansen_store_size_limit_bytes", GAUGE, "Size up to which the store may grow.", write_number,
     FIGURE(map_bytes)},
    {"kansen_store_free_pages", GAUGE, "Pages of the file that hold nothing and are used again.",
     write_number, FIGURE(store.counts.free_pages)},
    {"kansen_store_free_bytes", GAUGE, "Bytes of those pages.", write_number, FIGURE(free_bytes)},
    {"kansen_store_snapshots", GAUGE, "Snapshots that are held at the moment.", write_number,
     FIGURE(snapshots)},
    {"kansen_store_oldest_snapshot_seconds", GAUGE,
     "For how long a snapshot is held that later commits have left behind.", write_us,
     FIGURE(store.oldest_reader_us)},
    {"kansen_store_records", GAUGE, "Records in the store, by what they are.", write_records, 0},
    {"kansen_store_looked_timestamp_seconds", GAUGE,
     "When records, pages, snapshots, offers and seats were counted.", write_us, AT(looked_us)},
    {"kansen_journal_sequence", GAUGE, "Sequence of the last journal entry.", write_number,
     FIGURE(store.counts.sequence)},
    {"kansen_offers", GAUGE, "Offers, by kind.", write_kinds, OF_KIND(offers)},
    {"kansen_offers_open", GAUGE, "Offers that can be matched and have a free seat, by kind.", write_kinds,
     OF_KIND(open)},
    {"kansen_seats_free", GAUGE, "Free seats of those offers, by kind.", write_kinds, OF_KIND(seats)},
    {"kansen_tls_certificate_expiry_timestamp_seconds", GAUGE,
     "When the certificate of the listeners ends, seconds since 1970; 0 without TLS.", write_us,
     AT(certificate_us)},
    {"process_cpu_seconds_total", COUNTER, "Processor time of the process.", write_us, AT(process.cpu_us)},
    {"process_resident_memory_bytes", GAUGE, "Resident memory, the store's pages in it too.", write_number,
     AT(process.resident_bytes)},
    {"process_virtual_memory_bytes", GAUGE, "Address space, the map of the store in it too.", write_number,
     AT(process.virtual_bytes)},
    {"process_threads", GAUGE, "Threads.", write_number, AT(process.threads)},
    {"process_open_fds", GAUGE, "Open file descriptors.", write_number, AT(process.open_files)},
    {"process_max_fds", GAUGE, "File descriptors that may be open.", write_number, AT(process.max_files)},
    {"process_start_time_seconds", GAUGE, "When the daemon started, seconds since 1970.", write_us,
     AT(started_us)},
};

int
metrics_write(const struct metrics_source *source, struct evbuffer *out)
{
    struct page page = {.text = {.out = out},
                        .service = source->service,
                        .started_us = (uint64_t)source->started_us,
                        .certificate_us = (uint64_t)source->certificate_us,
                        .alive = source->alive};

    figures_read(source->service, &page.figures);
    process_read(&page.process);
    page.looked_us = (uint64_t)page.figures.store.looked_us;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        exposition_head(&page.text, table[i].name, table[i].type, table[i].help);
        table[i].write(&page, &table[i]);
    }
    return page.text.failed ? -ENOMEM : 0;
}
