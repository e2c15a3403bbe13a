// SPDX-License-Identifier: Apache-2.0
// Counts only go up while a daemon runs, and a session does not outlive it, so differences are never
// negative. What the first sample does not name was 0 in it.
#include "client/cli/top_rates.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// The counts of one sample, or none.
struct counts {
    size_t n;
    const uint64_t *counts;
};

static uint64_t
count_at(struct counts counts, size_t i)
{
    return i < counts.n ? counts.counts[i] : 0;
}

// The bound of the class in which this share of what is between the samples lies.
static uint64_t
quantile(const Kansen__V1__StatusDetails *details, struct counts before, struct counts now, double share,
         uint64_t total)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)total), seen = 0;
    size_t i = 0;

    for (; i < now.n && i + 1 < details->n_latency_bounds_us; i++) {
        seen += count_at(now, i) - count_at(before, i);
        if (seen >= wanted)
            break;
    }
    if (i + 1 >= details->n_latency_bounds_us && i > 0) // the last class has no bound
        i--;
    return i < details->n_latency_bounds_us ? details->latency_bounds_us[i] : 0;
}

static struct top_times
times_of(const Kansen__V1__StatusDetails *details, struct counts before, struct counts now)
{
    struct top_times times = {0};
    uint64_t total = 0;

    for (size_t i = 0; i < now.n; i++)
        total += count_at(now, i) - count_at(before, i);
    if (total == 0)
        return times;
    times.any = true;
    times.p50_us = quantile(details, before, now, 0.5, total);
    times.p99_us = quantile(details, before, now, 0.99, total);
    return times;
}

static const Kansen__V1__RequestFigures *
find_request(const Kansen__V1__StatusDetails *details, const char *name)
{
    for (size_t i = 0; i < details->n_requests; i++)
        if (strcmp(details->requests[i]->request, name) == 0)
            return details->requests[i];
    return NULL;
}

static struct top_request
request_of(const Kansen__V1__StatusDetails *before, const Kansen__V1__StatusDetails *details,
           const Kansen__V1__RequestFigures *now, double seconds)
{
    static const Kansen__V1__RequestFigures none = KANSEN__V1__REQUEST_FIGURES__INIT;
    const Kansen__V1__RequestFigures *was = find_request(before, now->request);
    struct top_request request = {.name = now->request, .total = now->ok + now->failed};
    uint64_t answered;

    was = was == NULL ? &none : was;
    answered = request.total - was->ok - was->failed;
    request.rate = (double)answered / seconds;
    request.failed_rate = (double)(now->failed - was->failed) / seconds;
    if (answered > 0)
        request.mean_us = (double)(now->latency_sum_us - was->latency_sum_us) / (double)answered;
    request.times = times_of(details, (struct counts){was->n_latency_counts, was->latency_counts},
                             (struct counts){now->n_latency_counts, now->latency_counts});
    return request;
}

static int
compare(double a_rate, double b_rate, uint64_t a_total, uint64_t b_total)
{
    if (a_rate != b_rate)
        return a_rate > b_rate ? -1 : 1;
    return a_total == b_total ? 0 : a_total > b_total ? -1 : 1;
}

static int
compare_requests(const void *a, const void *b)
{
    const struct top_request *x = a, *y = b;
    int order = compare(x->rate, y->rate, x->total, y->total);

    return order != 0 ? order : strcmp(x->name, y->name);
}

static int
compare_counters(const void *a, const void *b)
{
    const struct top_counter *x = a, *y = b;
    int order = compare(x->rate, y->rate, x->total, y->total);

    return order != 0 ? order : strcmp(x->name, y->name);
}

static void
add_requests(const struct top_sample *before, const struct top_sample *now, struct top_rates *out)
{
    const Kansen__V1__StatusDetails *details = now->status->details;

    for (size_t i = 0; i < details->n_requests && i < TOP_REQUESTS_MAX; i++) {
        struct top_request *request = &out->by_request[out->n_requests++];

        *request = request_of(before->status->details, details, details->requests[i], out->seconds);
        out->requests += request->rate;
        out->failed += request->failed_rate;
    }
    qsort(out->by_request, out->n_requests, sizeof out->by_request[0], compare_requests);
}

static void
add_counters(const struct top_sample *before, const struct top_sample *now, struct top_rates *out)
{
    for (size_t i = 0; i < now->status->n_counters; i++) {
        const Kansen__V1__Counter *counter = now->status->counters[i];
        uint64_t was = i < before->status->n_counters ? before->status->counters[i]->count : 0;

        if (counter->count > 0 && out->n_counters < TOP_COUNTERS_MAX)
            out->counters[out->n_counters++] = (struct top_counter){
                counter->name, counter->count, (double)(counter->count - was) / out->seconds};
    }
    qsort(out->counters, out->n_counters, sizeof out->counters[0], compare_counters);
}

void
top_rates_of(const struct top_sample *before, const struct top_sample *now, struct top_rates *out)
{
    const Kansen__V1__StatusDetails *was = before->status->details, *is = now->status->details;
    uint64_t commits = now->status->commits - before->status->commits;
    uint64_t writes = is->committed_writes - was->committed_writes;

    *out = (struct top_rates){.seconds = (double)(now->at_us - before->at_us) / 1e6};
    if (out->seconds <= 0)
        out->seconds = 1e-6;
    out->commits = (double)commits / out->seconds;
    out->writes = (double)writes / out->seconds;
    out->writes_each = commits == 0 ? 0 : (double)writes / (double)commits;
    out->journal = (double)(now->status->sequence - before->status->sequence) / out->seconds;
    out->cpu = (double)(is->cpu_us - was->cpu_us) / out->seconds / 1e4;
    out->commit_times = times_of(is, (struct counts){was->n_commit_counts, was->commit_counts},
                                 (struct counts){is->n_commit_counts, is->commit_counts});
    add_requests(before, now, out);
    add_counters(before, now, out);
}
