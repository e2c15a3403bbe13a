// SPDX-License-Identifier: Apache-2.0
// What the writer, the clock and the rounds go by, and what a reload may change while they work: each takes a
// copy before a group of writes, or before a look.
#ifndef WORK_RULES_H
#define WORK_RULES_H

#include "base/attr.h"
#include "work/apply.h"
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct rules {
    size_t group;          // writes that make a commit full
    int64_t delay_us;      // a commit waits so long for more
    uint32_t max_holds;    // open holds of one client; 0 = no cap
    uint64_t journal_keep; // entries; 0 = all
    struct retention retain;
    int64_t keep_rounds_us; // lists and results, since the round was closed or cancelled; 0 = for ever
};

// Where the next copy comes from.
struct rules_source {
    pthread_mutex_t lock;
    struct rules rules;
};

// 0 or -errno.
int rules_open(struct rules_source *source, const struct rules *rules) MUST_CHECK;
void rules_close(struct rules_source *source); // nobody uses it any more

// Any thread.
void rules_change(struct rules_source *source, const struct rules *rules);
void rules_take(struct rules_source *source, struct rules *out);

#endif
