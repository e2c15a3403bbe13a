// SPDX-License-Identifier: Apache-2.0
// The file `record`, which is public and signed, and its signature. Slices lie in the file. One thread.
#ifndef VERIFY_RECORD_H
#define VERIFY_RECORD_H

#include "client/verify/files.h"
#include "client/verify/revisions.h"
#include "client/verify/terms.h"

#define RECORD_FORM       2u    // that is written today
#define RECORD_BEACON_MAX 1024u // bytes
#define RECORD_RANKS      32u   // a greater rank counts as this one
#define RECORD_NO_RANK    33u   // the cell of those without a place
#define RECORD_LEAST      10u   // students in a cell that is published
#define RECORD_SIGNATURE  64u   // bytes

// Whether a count tells of so few that it may not be known.
static inline bool
record_is_few(uint64_t count)
{
    return count > 0 && count < RECORD_LEAST;
}

enum record_time {
    RECORD_COMMITTED,
    RECORD_FROZEN,
    RECORD_DRAWN,
    RECORD_COMPUTED,
    RECORD_EXPORTED,
    RECORD_TIMES,
};

// Cells first..last of the ranks obtained: 1..RECORD_RANKS, RECORD_NO_RANK.
struct record_bin {
    unsigned first, last;
    uint64_t all, referred;
    bool by_referral; // referred is told
};

struct record {
    struct terms terms;
    uint64_t form; // 1 or RECORD_FORM
    struct slice program, version;
    bool is_first; // there is no record before it
    uint8_t previous[DIGEST_BYTES];
    struct slice times[RECORD_TIMES];
    struct revisions revisions; // of form 2
    bool fallback;              // the beacon's bytes are those of the fallback
    uint8_t beacon[RECORD_BEACON_MAX];
    size_t beacon_len;
    uint8_t seed[DIGEST_BYTES];
    uint8_t digests[FILES_N][DIGEST_BYTES]; // of the files that it names
    uint8_t merkle[DIGEST_BYTES];
    uint64_t students, offers, seats;
    unsigned n_bins;
    struct record_bin bins[RECORD_NO_RANK];
    uint8_t key[DIGEST_BYTES]; // Ed25519
};

// 0, or -1 when the form is wrong, which has been reported. record must be all zero.
int record_read(struct slice file, struct report *report, struct record *record);

// Reports a signature that does not fit.
void record_check_signature(struct slice file, struct slice signature, const struct record *record,
                            struct report *report);

// Reports what is wrong in the record by itself: the draw, times, bins.
void record_check(const struct record *record, struct report *report);

#endif
