// SPDX-License-Identifier: Apache-2.0
// Where each figure comes from.
#include "rpc/figures.h"
#include "rpc/limits.h"
#include "rpc/readings.h"
#include "rpc/service.h"
#include "store/store.h"
#include "work/queue.h"
#include "work/tasks.h"
#include "work/writer.h"

static void
read_queue(struct queue *queue, struct figures *out)
{
    struct queue_counts counts = queue_count(queue);

    out->queue_requests = counts.jobs;
    out->queue_bytes = counts.bytes;
    out->queue_max_requests = counts.max_jobs;
    out->queue_max_bytes = counts.max_bytes;
}

static void
read_long_reads(struct readings *readings, struct figures *out)
{
    struct readings_counts counts = readings_count(readings);

    out->long_waiting = counts.waiting;
    out->long_done = counts.done;
    out->long_refused = counts.refused;
    out->long_longest_us = (uint64_t)counts.longest_us;
}

static void
read_tasks(struct tasks *tasks, struct figures *out)
{
    struct tasks_counts counts = tasks_count(tasks);

    out->tasks_waiting = counts.waiting;
    out->tasks_done = counts.done;
    out->tasks_failed = counts.failed;
}

static void
read_writer(const struct writer_work *work, struct figures *out)
{
    out->commits = atomic_load(&work->commits);
    out->commit_failures = atomic_load(&work->failures);
    histogram_sum(&work->commit_us, &out->commit_us);
    histogram_sum(&work->commit_writes, &out->commit_writes);
}

static void
read_store(struct service *service, struct figures *out)
{
    struct store_usage usage = store_usage(service->store);

    out->map_bytes = usage.map_bytes;
    out->file_bytes = usage.used_bytes;
    if (service->gauges != NULL)
        gauges_read(service->gauges, &out->store);
    out->snapshots = out->store.readers.open;
    out->free_bytes = out->store.counts.free_pages * out->store.counts.page_bytes;
}

void
figures_read(struct service *service, struct figures *out)
{
    *out = (struct figures){.serving = atomic_load(&service->state) == SERVICE_SERVING,
                            .workers = service->workers,
                            .connections = atomic_load(&service->connections),
                            .max_connections = service_limits(service)->max_connections,
                            .strangers = atomic_load(&service->strangers),
                            .backed_up_us = (uint64_t)atomic_load(&service->backed_up_us)};
    if (service->queue != NULL)
        read_queue(service->queue, out);
    if (service->readings != NULL)
        read_long_reads(service->readings, out);
    if (service->tasks != NULL)
        read_tasks(service->tasks, out);
    if (service->writer != NULL)
        read_writer(writer_work(service->writer), out);
    read_store(service, out);
}
