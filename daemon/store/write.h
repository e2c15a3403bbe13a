// SPDX-License-Identifier: Apache-2.0
// Changing records, in a write transaction that has begun. Record, external id, index rows and reverse tables
// change together. Nothing is validated here: the command has been, whole, before its first put. All
// functions: 0 or a fault, which sticks to the transaction.
#ifndef STORE_WRITE_H
#define STORE_WRITE_H

#include "base/arena.h"
#include "base/attr.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

struct txn;

// Ids are given in order, and never again: a removed record's id stays used.
enum store_id {
    STORE_ID_PARTNER,
    STORE_ID_OFFER,
    STORE_ID_INTEREST,
    STORE_ID_REGION,
    STORE_ID_PLACEMENT,
    STORE_ID_CLIENT,
    STORE_ID_TOKEN,
    STORE_ID_ROUND,
    STORE_ID_OBJECTION,
    STORE_ID_COUNT,
};
int store_next_id(struct txn *txn, enum store_id kind, uint64_t *id) MUST_CHECK;
int store_last_id(struct txn *txn, enum store_id kind, uint64_t *id) MUST_CHECK; // 0 = none was given

// Whether two partners have the same accreditations, in the same order.
bool partner_same_accreditations(const Kansen__V1__Partner *a, const Kansen__V1__Partner *b);

// Puts a partner; old is the stored one, or NULL for a new one. When what its offers inherit has changed,
// their rows are derived again.
int partner_put(struct txn *txn, const Kansen__V1__Partner *partner,
                const Kansen__V1__Partner *old) MUST_CHECK;

// Removes a partner that has no offers any more.
int partner_delete(struct txn *txn, const Kansen__V1__Partner *old) MUST_CHECK;

// Puts an offer of a partner; old is the stored one, or NULL. Fund codes that are new get a number.
int offer_put(struct txn *txn, const Kansen__V1__Offer *offer, const Kansen__V1__Offer *old,
              const Kansen__V1__Partner *partner) MUST_CHECK;

// Removes an offer that has no live placements any more; completed ones keep their records.
int offer_delete(struct txn *txn, const Kansen__V1__Offer *old) MUST_CHECK;

int interest_put(struct txn *txn, const Kansen__V1__Interest *interest) MUST_CHECK;
int interest_delete(struct txn *txn, const Kansen__V1__Interest *old) MUST_CHECK;
int region_put(struct txn *txn, const Kansen__V1__Region *region, const Kansen__V1__Region *old) MUST_CHECK;
int region_delete(struct txn *txn, const Kansen__V1__Region *old) MUST_CHECK;
int postcode_put(struct txn *txn, const Kansen__V1__Postcode *postcode) MUST_CHECK;
int postcode_delete(struct txn *txn, uint32_t postcode) MUST_CHECK;

// Puts the offer index into the shape that is read fastest, a bounded step at a time: what is stored stays
// the same, so no command is journalled for it. index_is_loose says whether there is anything to do (any
// transaction).
int index_is_loose(struct txn *txn, bool *loose) MUST_CHECK;
int index_tidy(struct txn *txn) MUST_CHECK;

// Adds the entry with the next sequence, which is set in it.
int journal_append(struct txn *txn, Kansen__V1__JournalEntry *entry) MUST_CHECK;

// Lets go the oldest entries above the `keep` newest ones, at most `most` of them; keep is above 0, as the
// last entry tells the time that no command may be before.
int journal_trim(struct txn *txn, uint64_t keep, unsigned most) MUST_CHECK;

// Time of the last journal entry in microseconds since 1970, 0 if there is none.
int journal_last_time(struct txn *txn, int64_t *time_us) MUST_CHECK;

// Who uses an interest or a region, for the message of a refusal: *user is text in arena ("offer 12"), or
// NULL if nobody does. These walk whole tables: they are for removals, which are rare.
int interest_user(struct txn *txn, const Kansen__V1__Interest *interest, struct arena *arena,
                  const char **user) MUST_CHECK;
int region_user(struct txn *txn, const Kansen__V1__Region *region, struct arena *arena,
                const char **user) MUST_CHECK;

#endif
