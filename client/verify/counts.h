// SPDX-License-Identifier: Apache-2.0
// The counts of a round: exact ones in `audit`, gathered ones in `record`. One thread.
#ifndef VERIFY_COUNTS_H
#define VERIFY_COUNTS_H

#include "client/verify/cutoff.h"
#include "client/verify/input.h"
#include "client/verify/record.h"

struct counts {
    uint64_t seats;
    uint64_t students[2], assigned[2];       // all, and the referred ones among them
    uint64_t with_rank[2][RECORD_RANKS + 1]; // [0] without a place
    unsigned greatest;                       // rank that somebody obtained; 0 = none
    uint64_t apart;                          // holders of offers that public-cutoffs does not tell of
    uint64_t apart_by[2]; // [0] others, [1] referred: holders where it does not tell how many of these
};

void counts_make(const struct input *input, const size_t *placed, const struct cutoff *cutoffs,
                 struct counts *counts);

// Reports what the record counts otherwise.
void counts_check_record(const struct counts *counts, const struct input *input, const struct record *record,
                         struct report *report);

// The key of the receipts, which other checks need before `audit` is held against anything. 0, or -1, which
// is not reported.
int counts_receipt_key(struct slice file, uint8_t receipt_key[DIGEST_BYTES]);

// Holds `audit` against input and counts. 0, or -1 when the form is wrong.
int counts_check_audit(struct slice file, const struct counts *counts, const struct input *input,
                       struct report *report);

#endif
