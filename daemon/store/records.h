// SPDX-License-Identifier: Apache-2.0
// Reading the records that people read. Messages are unpacked into the caller's arena and live as long as it;
// texts of a record are never NULL. Every read verifies the record's checksum (STORE_FAULT_CORRUPT if it does
// not hold). All functions: 0, STORE_E_NOT_FOUND, or a fault; outputs are set on 0 only.
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include "base/arena.h"
#include "base/attr.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

struct txn;

int partner_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__Partner **out) MUST_CHECK;
int offer_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__Offer **out) MUST_CHECK;
int interest_get(struct txn *txn, const char *code, struct arena *arena,
                 Kansen__V1__Interest **out) MUST_CHECK;
int region_get(struct txn *txn, const char *code, struct arena *arena, Kansen__V1__Region **out) MUST_CHECK;
int postcode_get(struct txn *txn, uint32_t postcode, struct arena *arena,
                 Kansen__V1__Postcode **out) MUST_CHECK;
int journal_get(struct txn *txn, uint64_t sequence, struct arena *arena,
                Kansen__V1__JournalEntry **out) MUST_CHECK;

// The first entry that the journal keeps, or will have when it is empty; 1 unless it was trimmed.
int journal_first(struct txn *txn, uint64_t *sequence) MUST_CHECK;

// The id behind an external id of a source.
int partner_find(struct txn *txn, const char *source, const char *external_id, uint64_t *id) MUST_CHECK;
int offer_find(struct txn *txn, const char *source, const char *external_id, uint64_t *id) MUST_CHECK;

// The record with the smallest key above `after` (0 or "" = from the start).
int partner_next(struct txn *txn, uint64_t after, struct arena *arena, Kansen__V1__Partner **out) MUST_CHECK;
int offer_next(struct txn *txn, uint64_t after, struct arena *arena, Kansen__V1__Offer **out) MUST_CHECK;
int interest_next(struct txn *txn, const char *after, struct arena *arena,
                  Kansen__V1__Interest **out) MUST_CHECK;
int region_next(struct txn *txn, const char *after, struct arena *arena, Kansen__V1__Region **out) MUST_CHECK;
int postcode_next(struct txn *txn, uint32_t after, struct arena *arena,
                  Kansen__V1__Postcode **out) MUST_CHECK;
int journal_next(struct txn *txn, uint64_t after, struct arena *arena,
                 Kansen__V1__JournalEntry **out) MUST_CHECK;

// The smallest offer id of the partner above `after`.
int partner_offer_next(struct txn *txn, uint64_t partner, uint64_t after, uint64_t *offer) MUST_CHECK;

// Calls each for the partners that may train for the qualification on a day (days since 1970), in the order
// of their ids; one with several such accreditations comes several times. A return of each other than 0 ends
// it and is returned. 0 or a fault.
int accreditation_each(struct txn *txn, uint32_t crebo, int32_t day, int (*each)(void *arg, uint64_t partner),
                       void *arg) MUST_CHECK;

#endif
