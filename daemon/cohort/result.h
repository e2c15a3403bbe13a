// SPDX-License-Identifier: Apache-2.0
// What a round gives: one line for each student and one for each offer, in the order of their references, and
// digests of both. The bytes are fixed by kansen-record(5). Pure; any thread.
#ifndef COHORT_RESULT_H
#define COHORT_RESULT_H

#include "base/attr.h"
#include "cohort/canonical.h"
#include "cohort/cohort.h"
#include "cohort/cutoff.h"

#define RESULT_LINE_MAX 256u // bytes of a line with its LF

// The line of a student or an offer with its LF, without an end; returns its length.
size_t result_line(const struct cohort *cohort, const struct cohort_place *places, uint32_t student,
                   char line[RESULT_LINE_MAX]);
size_t result_cutoff_line(const struct cohort *cohort, const struct cutoff *cutoffs, uint32_t offer,
                          char line[RESULT_LINE_MAX]);

// Writes all lines to the sink (NULL = none) and gives the digest of all bytes. 0 or what the sink gave.
int result_write(const struct cohort *cohort, const struct cohort_place *places, canonical_sink sink,
                 void *arg, uint8_t digest[CANONICAL_DIGEST_BYTES]) MUST_CHECK;
int result_write_cutoffs(const struct cohort *cohort, const struct cutoff *cutoffs, canonical_sink sink,
                         void *arg, uint8_t digest[CANONICAL_DIGEST_BYTES]) MUST_CHECK;

// Counts for the record. Ranks from RESULT_RANKS on are counted together.
#define RESULT_RANKS 32u

struct result_counts {
    uint32_t students, offers;
    uint64_t seats;
    // By kind: 0 not referred, 1 referred.
    uint32_t of_kind[2], assigned[2];
    uint32_t with_rank[2][RESULT_RANKS + 1]; // [1] first choice ...; [0] no place
};
void result_count(const struct cohort *cohort, const struct cohort_place *places,
                  struct result_counts *counts);

#endif
