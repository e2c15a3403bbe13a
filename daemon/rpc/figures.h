// SPDX-License-Identifier: Apache-2.0
// The daemon's figures as one struct, for metrics and for Status. Reading them waits for nothing but short
// locks and touches no page of the store.
#ifndef RPC_FIGURES_H
#define RPC_FIGURES_H

#include "base/histogram.h"
#include "work/gauges.h"
#include <stdint.h>

struct service;

struct figures {
    uint64_t serving; // 1 or 0
    uint64_t workers;
    uint64_t connections, max_connections, strangers;
    uint64_t queue_requests, queue_bytes, queue_max_requests, queue_max_bytes;
    uint64_t long_waiting, long_done, long_refused, long_longest_us;
    uint64_t tasks_waiting, tasks_done, tasks_failed; // of the job thread
    uint64_t backed_up_us; // when the newest backup became whole, since 1970; 0 = there is none
    uint64_t commits, commit_failures;
    struct histogram_sum commit_us, commit_writes;
    uint64_t map_bytes, file_bytes, free_bytes; // of the store
    uint64_t snapshots;                         // that are held
    struct gauges_values store;
};

// Fills in the figures as of now. Members that the service does not have are 0. Any thread.
void figures_read(struct service *service, struct figures *out);

#endif
