// SPDX-License-Identifier: Apache-2.0
// Cutoffs, from the assignment alone: what it takes to get a seat of an offer. One thread.
#ifndef VERIFY_CUTOFF_H
#define VERIFY_CUTOFF_H

#include "client/verify/lottery.h"
#include "client/verify/text.h"

#define CUTOFF_PUBLIC 10u // fewer holders than this are not told of in public

enum cutoff_kind {
    CUTOFF_CLOSED,
    CUTOFF_OPEN,
    CUTOFF_KEY,
};

struct cutoff_bound {
    enum cutoff_kind kind;
    uint64_t key;       // of CUTOFF_KEY: a better one gets in
    uint32_t n_holders; // of CUTOFF_KEY: of how many it is the worst
};

struct cutoff {
    struct cutoff_bound general, referred;
    uint32_t held, held_referred; // with those who are pinned
    uint32_t seats;               // q: without those of them
    uint32_t n_reserved;          // how many sit on seats of the reserve, pinned ones aside
    uint64_t worst_reserved;      // the worst key of these
};

// By offer; the caller frees them. Reports offers with more holders than seats. NULL without memory
// (reported).
struct cutoff *cutoff_compute(const struct input *input, const struct lottery *lottery, const size_t *placed,
                              struct report *report);

// Whether a student with this key, who does not hold the offer, would get in.
bool cutoff_admits(const struct cutoff_bound *bound, uint64_t key);

// Reports every student who prefers an offer that would take it, and what it lacks otherwise.
void cutoff_check_stable(const struct input *input, const struct lottery *lottery, const size_t *placed,
                         const struct cutoff *cutoffs, struct report *report);

// As class,lottery, OPEN or CLOSED.
void cutoff_add_text(struct text *text, const struct cutoff_bound *bound);

#endif
