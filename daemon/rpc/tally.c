// SPDX-License-Identifier: Apache-2.0
// Invariant: only the thread of a tally writes to it. Answers wait in a short list until they are sent, as
// one look at the clock serves all that a wake-up of the loop has answered.
#include "rpc/tally.h"
#include "base/clock.h"
#include "rpc/requests.h"
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 64u
#define LINE        64u // bytes that a core takes at once

struct counts {
    struct histogram latency_us;
    _Atomic uint64_t codes[TALLY_CODES];
};

struct waiting {
    uint32_t body;
    enum code code;
    int64_t arrived_us;
};

struct tally {
    unsigned n_waiting;
    struct waiting waiting[WAITING_MAX];
    struct counts *counts; // by number of the request
};

struct tallies {
    unsigned threads;
    _Atomic unsigned claimed;
    struct tally *tallies[];
};

static struct tally *
make(void)
{
    // Memory of requests that nobody asks is never touched.
    struct tally *tally = aligned_alloc(LINE, (sizeof *tally + LINE - 1) / LINE * LINE);

    if (tally == NULL)
        return NULL;
    tally->n_waiting = 0;
    tally->counts = calloc(requests_end(), sizeof tally->counts[0]);
    if (tally->counts == NULL) {
        free(tally);
        return NULL;
    }
    return tally;
}

struct tallies *
tallies_new(unsigned threads)
{
    struct tallies *tallies = calloc(1, sizeof *tallies + threads * sizeof(struct tally *));

    if (tallies == NULL)
        return NULL;
    for (; tallies->threads < threads; tallies->threads++) {
        tallies->tallies[tallies->threads] = make();
        if (tallies->tallies[tallies->threads] == NULL) {
            tallies_free(tallies);
            return NULL;
        }
    }
    return tallies;
}

void
tallies_free(struct tallies *tallies)
{
    if (tallies == NULL)
        return;
    for (unsigned i = 0; i < tallies->threads; i++) {
        free(tallies->tallies[i]->counts);
        free(tallies->tallies[i]);
    }
    free(tallies);
}

struct tally *
tallies_claim(struct tallies *tallies)
{
    unsigned number;

    if (tallies == NULL)
        return NULL;
    number = atomic_fetch_add(&tallies->claimed, 1);
    return number < tallies->threads ? tallies->tallies[number] : NULL;
}

void
tally_answer(struct tally *tally, uint32_t body, enum code code, int64_t arrived_us)
{
    if (tally == NULL)
        return;
    if (tally->n_waiting == WAITING_MAX)
        tally_flush(tally);
    tally->waiting[tally->n_waiting++] = (struct waiting){body, code, arrived_us};
}

static void
count(struct counts *counts, enum code code, int64_t took_us)
{
    _Atomic uint64_t *times = &counts->codes[(unsigned)code < TALLY_CODES ? code : CODE_UNKNOWN];

    histogram_add(&counts->latency_us, took_us < 0 ? 0 : (uint64_t)took_us);
    atomic_store_explicit(times, atomic_load_explicit(times, memory_order_relaxed) + 1, memory_order_relaxed);
}

void
tally_flush(struct tally *tally)
{
    int64_t now;

    if (tally == NULL || tally->n_waiting == 0)
        return;
    now = clock_steady_us();
    for (unsigned i = 0; i < tally->n_waiting; i++) {
        const struct waiting *waiting = &tally->waiting[i];
        uint32_t body = requests_find(waiting->body) == NULL ? 0 : waiting->body;

        count(&tally->counts[body], waiting->code, now - waiting->arrived_us);
    }
    tally->n_waiting = 0;
}

void
tallies_sum(const struct tallies *tallies, uint32_t body, struct tally_sum *out)
{
    *out = (struct tally_sum){0};
    if (tallies == NULL || body >= requests_end())
        return;
    for (unsigned i = 0; i < tallies->threads; i++) {
        const struct counts *counts = &tallies->tallies[i]->counts[body];

        histogram_sum(&counts->latency_us, &out->latency_us);
        for (unsigned code = 0; code < TALLY_CODES; code++)
            out->codes[code] += atomic_load_explicit(&counts->codes[code], memory_order_relaxed);
    }
}
