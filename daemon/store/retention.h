// SPDX-License-Identifier: Apache-2.0
// What has ended, and letting it go after its time: placements, mappings of students, entries of the journal.
// The table ended holds every placement that has ended, by time; student_end, for each student of one of
// them, when the last one ended. All functions: 0, STORE_E_NOT_FOUND where there is nothing, or a fault;
// outputs are set on 0 only.
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include "base/attr.h"
#include "store/placement.h"
#include <kansen/v1/placement.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

struct txn;

// Notes that a placement has ended, at its updated_us.
int retention_ended(struct txn *txn, const Kansen__V1__Placement *placement) MUST_CHECK;

// The placement that ended first, and when (microseconds since 1970).
int retention_first_ended(struct txn *txn, int64_t *time_us, uint64_t *placement) MUST_CHECK;

// Removes a placement that has ended, and all that hangs on it. One that was completed gives its seat back,
// if its offer is still there: then *seat is true.
int retention_remove(struct txn *txn, const Kansen__V1__Placement *placement, bool *seat) MUST_CHECK;

// Whether a student that is known by a hash has no live placement, and the last one ended before a time; if
// none is kept, whether the mapping is older than that.
int retention_is_idle(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES], int64_t before_us,
                      bool *idle) MUST_CHECK;

// Looks for such students, a bounded number of mappings at a time. Start with a walk that is all 0.
#define RETENTION_LOOKS 1000u // mappings looked at in one step
#define RETENTION_ROOM  128u  // students found in one step, at most
struct retention_walk {
    uint8_t at[STUDENT_HASH_BYTES]; // the last mapping that was looked at
    bool begun, ended;              // ended: all were looked at
    unsigned found;
    uint8_t hashes[RETENTION_ROOM][STUDENT_HASH_BYTES]; // of the students found in the last step
};
int retention_step(struct txn *txn, struct retention_walk *walk, int64_t before_us) MUST_CHECK;

// The time of the oldest entry of the journal, if it is not the last one too.
int retention_journal_time(struct txn *txn, int64_t *time_us) MUST_CHECK;

// Lets entries of the journal go that are older than a time, at most `most` of them, and never the last one.
// *first is the sequence of the oldest entry that is kept.
int retention_trim_journal(struct txn *txn, int64_t before_us, unsigned most, uint64_t *first) MUST_CHECK;

#endif
