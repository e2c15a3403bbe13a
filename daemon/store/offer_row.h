// SPDX-License-Identifier: Apache-2.0
// The index that matches are made from: one fixed-size row per offer, kept under its geographic cell, written
// in the offer's own transaction. A row is derived from the offer, its partner and the catalog alone
// (`kansend --check` derives all of them again), but for the seats taken, which count its placements.
#ifndef STORE_OFFER_ROW_H
#define STORE_OFFER_ROW_H

#include "base/attr.h"
#include "base/geo.h"
#include <kansen/v1/offer.pb-c.h>
#include <kansen/v1/partner.pb-c.h>
#include <stdbool.h>
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

// ---- Cells: a grid of 1/8 degree. Cells of one row of the grid are consecutive numbers from west to east.
#define CELL_E6     125000
#define CELL_REMOTE UINT32_MAX // holds the remote offers

uint32_t cell_of(struct geo_point position);

// The cells of grid row `row` (0 = southernmost) between two longitudes, as a range of numbers.
struct cell_range {
    uint32_t first, last;
};
uint32_t cell_row(int32_t lat_e6);
struct cell_range cell_row_range(uint32_t row, int32_t lon_min_e6, int32_t lon_max_e6);

// ---- Reading. A scan walks the rows of a range of cells in the order (cell, offer id).
struct row_scan;
int row_scan_new(struct txn *txn,
                 struct row_scan **out) MUST_CHECK; // txn must have begun; free it before the txn ends
void row_scan_free(struct row_scan *scan);
void row_scan_start(struct row_scan *scan, uint32_t first_cell, uint32_t last_cell);

// Copies the next row to out. 0, STORE_E_NOT_FOUND at the end of the range, or a fault.
int row_scan_next(struct row_scan *scan, struct offer_row *out) MUST_CHECK;

// The row of one offer. 0, STORE_E_NOT_FOUND or a fault.
int offer_row_get(struct txn *txn, uint64_t offer_id, struct offer_row *out) MUST_CHECK;

#endif
