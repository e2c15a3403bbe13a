// SPDX-License-Identifier: Apache-2.0
// A card is packed by the protocol's own code, so that a client reads it as part of a match.
#include "store/card_write.h"
#include "store/catalog.h"
#include "store/internal.h"
#include <kansen/v1/match.pb-c.h>
#include <string.h>

#define CHUNK CARD_CHUNK

// ---- What a card says

// A match whose texts are those of the records and the catalog.
struct draft {
    Kansen__V1__Match match;
    Kansen__V1__Point position;
};

// The name of the region that says where an offer is: its own, or, where it tells no place at all, its
// partner's; else the municipality that its position lies in.
static const char *
place_name(const struct catalog *catalog, const Kansen__V1__Offer *offer, const Kansen__V1__Partner *partner,
           const struct region *municipality)
{
    const char *code = offer->region;
    const struct region *region;

    if (code[0] == '\0' && offer->position == NULL)
        code = partner->region;
    region = code[0] == '\0' ? NULL : catalog_region_named(catalog, code);
    if (region != NULL)
        return catalog_region_current(catalog, region)->name;
    return municipality == NULL ? "" : municipality->name;
}

static void
fill_place(const struct catalog *catalog, const Kansen__V1__Offer *offer, const Kansen__V1__Partner *partner,
           const struct offer_row *row, struct draft *draft)
{
    const struct region *municipality = catalog_region(catalog, row->municipality);

    draft->match.municipality = (char *)(municipality == NULL ? "" : municipality->code);
    draft->match.place = (char *)place_name(catalog, offer, partner, municipality);
    draft->match.remote = (row->flags & OFFER_ROW_REMOTE) != 0;
    if (draft->match.remote)
        return;
    kansen__v1__point__init(&draft->position);
    draft->position.lat_e6 = row->position.lat_e6;
    draft->position.lon_e6 = row->position.lon_e6;
    draft->match.position = &draft->position;
}

static void
fill(const struct catalog *catalog, const Kansen__V1__Offer *offer, const Kansen__V1__Partner *partner,
     const struct offer_row *row, struct draft *draft)
{
    Kansen__V1__Match *match = &draft->match;

    kansen__v1__match__init(match);
    match->offer_id = offer->id;
    match->external_id = offer->external_id;
    match->title = offer->title;
    match->kind = offer->kind;
    match->partner_id = partner->id;
    match->partner_name = partner->name;
    match->start = offer->start;
    match->end = offer->end;
    match->n_weekdays = offer->n_weekdays;
    match->weekdays = offer->weekdays;
    match->cost_cents = offer->cost_cents;
    match->url = offer->url;
    fill_place(catalog, offer, partner, row, draft);
}

// Packs the card into memory of txn, good until the next one. 0 or a fault.
static int
pack(struct txn *txn, const struct catalog *catalog, const Kansen__V1__Offer *offer,
     const Kansen__V1__Partner *partner, const struct offer_row *row, const uint8_t **bytes, size_t *len)
{
    struct draft draft;
    uint8_t *to;

    fill(catalog, offer, partner, row, &draft);
    *len = sizeof row->interests + kansen__v1__match__get_packed_size(&draft.match);
    buf_truncate(&txn->card, 0);
    to = buf_reserve(&txn->card, *len);
    if (to == NULL)
        return txn_fail(txn, STORE_FAULT_MEMORY);
    memcpy(to, row->interests, sizeof row->interests);
    kansen__v1__match__pack(&draft.match, to + sizeof row->interests);
    *bytes = to;
    return 0;
}

// ---- Chunks

// Where a card lies in a chunk; an empty stretch where it would lie, if it is not there.
static void
stretch(const uint32_t ends[CHUNK], uint32_t number, size_t *start, size_t *end)
{
    *start = number == 0 ? CHUNK * sizeof(uint32_t) : ends[number - 1];
    *end = ends[number];
}

// Takes the ends out of a chunk. Returns whether all cards lie inside of it, one behind the other.
static bool
read_ends(const MDB_val *chunk, uint32_t ends[CHUNK])
{
    uint32_t before = CHUNK * sizeof(uint32_t);

    if (chunk->mv_size < CHUNK * sizeof(uint32_t))
        return false;
    memcpy(ends, chunk->mv_data, CHUNK * sizeof(uint32_t));
    for (size_t i = 0; i < CHUNK; i++) {
        if (ends[i] < before)
            return false;
        before = ends[i];
    }
    return before == chunk->mv_size;
}

// Puts a chunk again with other bytes for one card; none with len 0.
static int
put_in_chunk(struct txn *txn, uint64_t offer_id, const uint8_t *bytes, size_t len)
{
    struct key key = key_number(offer_id / CHUNK);
    uint32_t ends[CHUNK], number = offer_id % CHUNK;
    MDB_val old = {0, NULL};
    size_t start, end, size;
    uint8_t *to;
    int rc = table_get(txn, TABLE_CARD, &key, &old);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < CHUNK; i++)
        ends[i] = sizeof ends;
    if (rc == 0 && !read_ends(&old, ends))
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    stretch(ends, number, &start, &end);
    if (len == 0 && start == end)
        return STORE_E_NOT_FOUND;
    txn->blocks_changed = true;
    size = ends[CHUNK - 1] - (end - start) + len;
    if (size == sizeof ends)
        return table_del(txn, TABLE_CARD, &key);
    buf_truncate(&txn->chunk, 0);
    to = buf_reserve(&txn->chunk, size);
    if (to == NULL)
        return txn_fail(txn, STORE_FAULT_MEMORY);
    if (rc == 0) { // what lies behind moves by the difference
        memcpy(to + sizeof ends, (const uint8_t *)old.mv_data + sizeof ends, start - sizeof ends);
        memcpy(to + start + len, (const uint8_t *)old.mv_data + end, ends[CHUNK - 1] - end);
    }
    for (size_t i = number; i < CHUNK; i++)
        ends[i] = (uint32_t)(ends[i] - (end - start) + len);
    memcpy(to, ends, sizeof ends);
    if (len != 0)
        memcpy(to + start, bytes, len);
    return table_put(txn, TABLE_CARD, &key, to, size, 0);
}

int
card_put(struct txn *txn, const struct catalog *catalog, const Kansen__V1__Offer *offer,
         const Kansen__V1__Partner *partner, const struct offer_row *row)
{
    const uint8_t *bytes = NULL;
    size_t len = 0;
    struct card_place old;
    int rc = pack(txn, catalog, offer, partner, row, &bytes, &len);

    if (rc == 0)
        rc = card_find(txn, offer->id, &old);
    if (rc == 0)
        rc = card_approach(txn, &old);
    if (rc < 0 || (rc == 0 && old.len == len && memcmp(old.chunk + old.at, bytes, len) == 0))
        return rc;
    return put_in_chunk(txn, offer->id, bytes, len);
}

int
card_delete(struct txn *txn, uint64_t offer_id)
{
    return put_in_chunk(txn, offer_id, NULL, 0);
}

int
card_check(struct txn *txn, const struct catalog *catalog, const Kansen__V1__Offer *offer,
           const Kansen__V1__Partner *partner, const struct offer_row *row, bool *good)
{
    struct card_place place;
    const uint8_t *bytes = NULL;
    size_t len = 0;
    int rc = pack(txn, catalog, offer, partner, row, &bytes, &len);

    *good = false;
    if (rc == 0)
        rc = card_find(txn, offer->id, &place);
    if (rc == 0)
        rc = card_approach(txn, &place);
    if (rc == 0)
        *good = place.len == len && memcmp(place.chunk + place.at, bytes, len) == 0;
    if (rc == STORE_FAULT_CORRUPT)
        txn->fault = 0;
    return rc == STORE_E_NOT_FOUND || rc == STORE_FAULT_CORRUPT ? 0 : rc;
}

int
card_count(struct txn *txn, uint64_t *count)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_CARD], &cursor));

    *count = 0;
    while (rc == 0 && (rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) == 0) {
        struct card_place place = {.chunk = value.mv_data, .size = value.mv_size};

        for (; place.number < CHUNK && rc == 0 && value.mv_size >= CHUNK * sizeof(uint32_t); place.number++) {
            rc = card_approach(txn, &place);
            *count += rc == 0;
            rc = rc == STORE_E_NOT_FOUND ? 0 : rc;
        }
    }
    if (rc != 0 && txn->fault == 0)
        rc = 0; // the end
    mdb_cursor_close(cursor);
    return rc;
}
