// SPDX-License-Identifier: Apache-2.0
// Invariant: values is written by the clock's thread only, under the lock, which nobody holds for longer than
// a copy takes. What fails leaves the values of the look before.
#include "work/gauges.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdlib.h>

#define PERIOD_US INT64_C(1000000)
#define REST      100 // times as long as a look takes

struct gauges {
    struct store *store;
    int64_t next_us;        // when to look again, on the steady clock
    int64_t behind_us;      // since when the oldest snapshot is known to be one that was left behind
    uint64_t behind;        // the number of its commit; 0 = none is
    uint64_t kinds_current; // as of which commit the kinds were counted
    pthread_mutex_t lock;
    struct gauges_values values;
};

struct gauges *
gauges_new(struct store *store)
{
    struct gauges *gauges = calloc(1, sizeof *gauges);

    if (gauges == NULL)
        return NULL;
    gauges->store = store;
    if (pthread_mutex_init(&gauges->lock, NULL) != 0) {
        free(gauges);
        return NULL;
    }
    return gauges;
}

void
gauges_free(struct gauges *gauges)
{
    if (gauges == NULL)
        return;
    pthread_mutex_destroy(&gauges->lock);
    free(gauges);
}

// A snapshot of the last commit may be a new one each time; one that was left behind is always the same.
static void
look_at_readers(struct gauges *gauges, struct gauges_values *values, int64_t now)
{
    struct census_readers *readers = &values->readers;
    uint64_t behind;

    census_readers(gauges->store, readers);
    behind = readers->oldest < readers->current ? readers->oldest : 0;
    if (behind != gauges->behind)
        gauges->behind_us = now;
    gauges->behind = behind;
    values->oldest_reader_us = behind == 0 ? 0 : (uint64_t)(now - gauges->behind_us);
}

static int
look_at_store(struct gauges *gauges, struct txn *txn, struct gauges_values *values)
{
    uint64_t current = values->readers.current; // what txn sees is not older
    int rc = txn_begin(txn);

    if (rc == 0)
        rc = census_count(txn, &values->counts);
    if (rc == 0 && (gauges->kinds_current != current || values->looked_us == 0)) {
        rc = census_kinds(txn, values->kinds);
        if (rc == 0)
            gauges->kinds_current = current;
    }
    txn_end(txn);
    return rc;
}

void
gauges_look(struct gauges *gauges, struct txn *txn)
{
    int64_t began = clock_steady_us(), rest;
    struct gauges_values values;

    if (began < gauges->next_us)
        return;
    values = gauges->values;
    look_at_readers(gauges, &values, began);
    if (look_at_store(gauges, txn, &values) == 0) {
        values.looked_us = clock_wall_us();
        pthread_mutex_lock(&gauges->lock);
        gauges->values = values;
        pthread_mutex_unlock(&gauges->lock);
    }
    rest = REST * (clock_steady_us() - began);
    gauges->next_us = began + (rest > PERIOD_US ? rest : PERIOD_US);
}

void
gauges_read(struct gauges *gauges, struct gauges_values *out)
{
    pthread_mutex_lock(&gauges->lock);
    *out = gauges->values;
    pthread_mutex_unlock(&gauges->lock);
}
