// SPDX-License-Identifier: Apache-2.0
// Whom a replay knows: the hash of each student by the random id that the journal carries. One thread.
#ifndef WORK_KNOWN_STUDENTS_H
#define WORK_KNOWN_STUDENTS_H

#include "base/attr.h"
#include "store/placement.h"
#include <kansen/v1/stream.pb-c.h>
#include <stdint.h>

struct known_students;
struct txn;

struct known_students *known_students_new(void) MUST_CHECK; // NULL when memory is short
void known_students_free(struct known_students *students);  // NULL is safe

// Add the mappings of a store, and one of a stream (an entry of the table student). 0 or a store fault.
int known_students_add_store(struct known_students *students, struct txn *txn) MUST_CHECK;
int known_students_add_entry(struct known_students *students,
                             const Kansen__V1__StreamEntry *entry) MUST_CHECK;

// Call it when all are added, before the first hash is asked for.
void known_students_sort(struct known_students *students);

// The hash of a student; of one who is not known, and so was forgotten since, one that no reference has,
// always the same.
void known_students_hash(const struct known_students *students, const uint8_t id[STUDENT_ID_BYTES],
                         uint8_t hash[STUDENT_HASH_BYTES]);

#endif
