// SPDX-License-Identifier: Apache-2.0
// What was answered: how often each request with each code, and how long it took from the arrival of its
// bytes until its answer was about to be sent. Each thread that answers has a tally of its own, whose memory
// is made at the start; whoever wants to know adds them up.
#ifndef RPC_TALLY_H
#define RPC_TALLY_H

#include "base/attr.h"
#include "base/fault.h"
#include "base/histogram.h"
#include <stdint.h>

#define TALLY_CODES (CODE_UNAUTHENTICATED + 1)

struct tallies;
struct tally;

// For so many threads. NULL when memory is short; tallies_free(NULL) is safe, once the threads have ended.
struct tallies *tallies_new(unsigned threads) MUST_CHECK;
void tallies_free(struct tallies *tallies);

// The tally of the thread that asks, which holds as long as the tallies; NULL when all are given out, and of
// NULL. Any thread.
struct tally *tallies_claim(struct tallies *tallies);

// Counts an answer to the request with this number (rpc/requests.h; one that is not known counts as 0). tally
// may be NULL, then nothing is counted. The tally's thread.
void tally_answer(struct tally *tally, uint32_t body, enum code code, int64_t arrived_us);

// The answers since the last call are about to be sent: looks at the clock once for all of them. NULL is
// safe. The tally's thread.
void tally_flush(struct tally *tally);

// One request over all threads.
struct tally_sum {
    uint64_t codes[TALLY_CODES];
    struct histogram_sum latency_us;
};

// Of the request with this number. Any thread.
void tallies_sum(const struct tallies *tallies, uint32_t body, struct tally_sum *out);

#endif
