// SPDX-License-Identifier: Apache-2.0
// The card of an offer: what of a match is the same for every query, ready to be sent. It is written in the
// offer's own transaction, and again when its partner or its place changes what it says. Seats are not in it.
#ifndef STORE_CARD_H
#define STORE_CARD_H

#include "base/attr.h"
#include "store/offer_row.h"
#include <stddef.h>
#include <stdint.h>

struct txn;

struct card {
    uint16_t interests[OFFER_INTERESTS_MAX]; // ids in the offer's order, then 0
    const uint8_t *match; // a packed kansen.v1.Match without distance, parts and seats_free
    size_t match_len;
};

// Reading, for many offers at once, in three steps that each call for the memory that the next one reads, so
// that they wait for memory together and not one after the other: find all, approach all, read all. A card
// points into the store and lives until the transaction ends or writes. 0, STORE_E_NOT_FOUND or a fault.
struct card_place {
    const uint8_t *chunk; // where it lies, with its neighbours
    size_t size;          // bytes of the chunk
    uint32_t number;      // of the card in the chunk
    uint32_t at, len;     // bytes
};
int card_find(struct txn *txn, uint64_t offer_id, struct card_place *out) MUST_CHECK;
int card_approach(struct txn *txn, struct card_place *place) MUST_CHECK;
struct card card_read(const struct card_place *place);

// All three for one offer.
int card_get(struct txn *txn, uint64_t offer_id, struct card *out) MUST_CHECK;

#endif
