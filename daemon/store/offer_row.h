// SPDX-License-Identifier: Apache-2.0
// What matching needs to know of an offer, as one fixed-size row under its id, written in the offer's own
// transaction. A row is derived from the offer, its partner and the catalog alone (`kansend --check` derives
// all of them again), but for the seats taken, which count its placements. Matches are looked for in the
// blocks (store/block.h), which are made of rows.
#ifndef STORE_OFFER_ROW_H
#define STORE_OFFER_ROW_H

#include "base/attr.h"
#include "base/geo.h"
#include <kansen/v1/offer.pb-c.h>
#include <kansen/v1/partner.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct txn;
struct catalog;

#define OFFER_INTERESTS_MAX 8u
#define OFFER_FUNDS_MAX     8u
#define OFFER_LANGUAGES_MAX 8u

#define OFFER_ROW_LIVE       0x01u // offer open and partner active
#define OFFER_ROW_REMOTE     0x02u // has no distance
#define OFFER_ROW_POSITIONED 0x04u // position is set: always, but for a remote offer when nobody told a place

// Bit n - 1 of a mask stands for enum value n. Dates are days since 1970, DATE_NONE = not given. Host byte
// order.
struct offer_row {
    uint64_t offer_id;
    uint64_t partner_id;
    struct geo_point position;
    uint32_t municipality; // region id, 0 = none
    uint32_t cost_cents;
    int32_t start, end, deadline, reserved_until;
    uint16_t seats, seats_taken;
    uint16_t reserved, taken_referred;
    uint16_t levels; // 0 = all
    uint16_t transitions;
    uint16_t interests[OFFER_INTERESTS_MAX]; // ids in the offer's order, then 0
    uint16_t funds[OFFER_FUNDS_MAX];         // numbers, then 0
    uint16_t languages[OFFER_LANGUAGES_MAX]; // offer_row_language() of each, then 0; none given = nl
    uint8_t kind, partner_kind;
    uint8_t weekdays; // 0 = any
    uint8_t needs;
    uint8_t min_age, max_age; // 0 and 255 where not given
    uint8_t flags;            // OFFER_ROW_...
    uint8_t pad[5];           // so that equal rows are equal bytes
};
_Static_assert(sizeof(struct offer_row) == 120, "the row is part of the store's format");

// A language as a number: two lower-case letters, never 0.
uint16_t offer_row_language(const char code[2]);

// Seats that are free on a day for a referred student or another one, by the rule of reserved seats. Pure.
uint32_t offer_row_free(const struct offer_row *row, bool referred, int32_t day);

// ---- Reading. All: 0, STORE_E_NOT_FOUND or a fault.

// The row of one offer.
int offer_row_get(struct txn *txn, uint64_t offer_id, struct offer_row *out) MUST_CHECK;

// The row with the smallest offer id above `after`.
int offer_row_next(struct txn *txn, uint64_t after, struct offer_row *out) MUST_CHECK;

#endif
