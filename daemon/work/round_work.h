// SPDX-License-Identifier: Apache-2.0
// What takes long about a round, on a snapshot: the digest of its input, and its allocation. Deterministic:
// the same records give the same bytes. One thread; memory in proportion to the lists.
#ifndef WORK_ROUND_WORK_H
#define WORK_ROUND_WORK_H

#include "base/attr.h"
#include <kansen/v1/round.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct txn;
struct round_work;

#define ROUND_WORK_DIGEST  32u
#define ROUND_WORK_E_ENDED 12 // it was told to end
#define ROUND_WORK_FORM    2u // of the record whose digests are made, see kansen-record(5)

// Asked some hundred times a second whether the work goes on.
struct round_work_leave {
    bool (*goes_on)(void *arg);
    void *arg;
};

// The digest of the frozen input. 0, ROUND_WORK_E_ENDED or a store fault.
int round_work_digest(struct txn *txn, const Kansen__V1__Round *round, const struct round_work_leave *leave,
                      uint8_t digest[ROUND_WORK_DIGEST]) MUST_CHECK;

// Makes the allocation of a round that was drawn. The same results; *out on 0. round_work_free(NULL) is safe.
int round_work_compute(struct txn *txn, const Kansen__V1__Round *round, const struct round_work_leave *leave,
                       struct round_work **out) MUST_CHECK;
void round_work_free(struct round_work *work);

// What came of it, by place in the order of students and offers.
size_t round_work_students(const struct round_work *work);
size_t round_work_offers(const struct round_work *work);
size_t round_work_find_student(const struct round_work *work, const ProtobufCBinaryData *behind);
size_t round_work_find_offer(const struct round_work *work, uint64_t behind); // the first one behind it
void round_work_result(const struct round_work *work, size_t i, Kansen__V1__RoundResult *out); // as below
void round_work_cutoff(const struct round_work *work, size_t i, Kansen__V1__RoundOffer *out);
void round_work_totals(const struct round_work *work, Kansen__V1__RoundTotals *out); // bytes are the work's

// How many results from there on make a command of bounded size: at least one while there are any, at most
// `most`.
size_t round_work_part(const struct round_work *work, size_t from, size_t most);

#endif
