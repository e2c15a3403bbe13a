// SPDX-License-Identifier: Apache-2.0
// Deriving the row and card of an offer from offer, partner and catalog, and keeping the blocks in step with
// the rows. The place of an offer that names none follows MATCHING: its region's centroid, without a region
// the nearest municipality, without both the partner's place.
#include "store/index.h"
#include "base/date.h"
#include "store/blocks.h"
#include "store/card_write.h"
#include "store/catalog.h"
#include "store/internal.h"
#include "store/partner_offers.h"
#include "store/records.h"
#include "store/write.h"
#include <stdlib.h>
#include <string.h>

#define TIDY_BLOCKS        8u          // blocks that one step of tidying moves
#define WORTH_LISTING      256u        // offers that are not listed under their partners
#define REFRESH_MEMORY_MAX (64u << 20) // bytes for the records of one refresh

struct place {
    bool positioned;
    struct geo_point point;
    uint32_t municipality;
};

static struct place
place_of(const struct catalog *catalog, const Kansen__V1__Point *position, const char *region_code)
{
    const struct region *named = region_code[0] == '\0' ? NULL : catalog_region_named(catalog, region_code);
    struct place place = {0};

    if (named != NULL) {
        place = (struct place){true, catalog_region_current(catalog, named)->centroid, named->municipality};
    }
    if (position != NULL) {
        place.positioned = true;
        place.point = (struct geo_point){position->lat_e6, position->lon_e6};
        if (named == NULL) {
            const struct region *nearest = catalog_nearest_municipality(catalog, place.point);

            place.municipality = nearest == NULL ? 0 : nearest->id;
        }
    }
    return place;
}

static uint16_t
mask_of(const int *values, size_t count)
{
    unsigned mask = 0;

    for (size_t i = 0; i < count; i++)
        mask |= 1u << (values[i] - 1);
    return (uint16_t)mask;
}

static int32_t
day_of(const char *text)
{
    int32_t days;

    return date_parse(text, &days) == 0 ? days
                                        : DATE_NONE; // "" is no date; others were checked before the put
}

static void
derive_place(const struct catalog *catalog, const Kansen__V1__Offer *offer,
             const Kansen__V1__Partner *partner, struct offer_row *row)
{
    bool own = offer->position != NULL || offer->region[0] != '\0';
    struct place place = own ? place_of(catalog, offer->position, offer->region)
                             : place_of(catalog, partner->position, partner->region);

    row->position = place.point;
    row->municipality = place.municipality;
    if (place.positioned)
        row->flags |= OFFER_ROW_POSITIONED;
}

static void
derive_sets(const struct catalog *catalog, const Kansen__V1__Offer *offer, struct offer_row *row)
{
    row->levels = mask_of((const int *)offer->levels, offer->n_levels);
    row->transitions = mask_of((const int *)offer->transitions, offer->n_transitions);
    row->weekdays = (uint8_t)mask_of((const int *)offer->weekdays, offer->n_weekdays);
    row->needs = (uint8_t)mask_of((const int *)offer->needs, offer->n_needs);
    for (size_t i = 0; i < offer->n_interests && i < OFFER_INTERESTS_MAX; i++) {
        const struct interest *interest = catalog_interest_named(catalog, offer->interests[i]);

        row->interests[i] = interest == NULL ? 0 : interest->id;
    }
    for (size_t i = 0; i < offer->n_funds && i < OFFER_FUNDS_MAX; i++)
        row->funds[i] = catalog_fund(catalog, offer->funds[i]);
    for (size_t i = 0; i < offer->n_languages && i < OFFER_LANGUAGES_MAX; i++)
        row->languages[i] = offer_row_language(offer->languages[i]);
    if (offer->n_languages == 0)
        row->languages[0] = offer_row_language("nl");
}

void
index_derive(const struct catalog *catalog, const Kansen__V1__Offer *offer,
             const Kansen__V1__Partner *partner, struct offer_row *out)
{
    bool live = offer->status == KANSEN__V1__OFFER_STATUS__OFFER_STATUS_OPEN &&
                partner->status == KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_ACTIVE;

    memset(out, 0, sizeof *out);
    out->offer_id = offer->id;
    out->partner_id = partner->id;
    out->cost_cents = offer->cost_cents;
    out->start = day_of(offer->start);
    out->end = day_of(offer->end);
    out->deadline = day_of(offer->deadline);
    out->reserved_until = day_of(offer->reserved_until);
    out->seats = (uint16_t)offer->seats;
    out->reserved = (uint16_t)offer->reserved_seats;
    out->kind = (uint8_t)offer->kind;
    out->partner_kind = (uint8_t)partner->kind;
    out->min_age =
        offer->min_age_given_case == KANSEN__V1__OFFER__MIN_AGE_GIVEN_MIN_AGE ? (uint8_t)offer->min_age : 0;
    out->max_age = offer->max_age_given_case == KANSEN__V1__OFFER__MAX_AGE_GIVEN_MAX_AGE
                       ? (uint8_t)offer->max_age
                       : UINT8_MAX;
    out->flags = (uint8_t)((live ? OFFER_ROW_LIVE : 0) | (offer->remote ? OFFER_ROW_REMOTE : 0));
    derive_place(catalog, offer, partner, out);
    derive_sets(catalog, offer, out);
}

static int
put_row(struct txn *txn, const struct offer_row *row)
{
    struct key key = key_number(row->offer_id);

    return table_put(txn, TABLE_OFFER_ROW, &key, row, sizeof *row, 0);
}

// Brings the block of an offer from its old row (NULL: none) to the new one.
static int
move_in_blocks(struct txn *txn, const struct offer_row *old, const struct offer_row *row)
{
    int rc;

    if (old == NULL)
        return blocks_put(txn, row);
    if (blocks_same_place(old, row))
        return blocks_same_seats(old, row) ? 0 : blocks_mark(txn, row);
    rc = blocks_remove(txn, old);
    return rc == 0 ? blocks_put(txn, row) : rc;
}

int
index_put(struct txn *txn, const Kansen__V1__Offer *offer, const Kansen__V1__Partner *partner)
{
    const struct catalog *catalog = NULL;
    struct offer_row row, old;
    bool known;
    int rc = txn_catalog(txn, &catalog);

    if (rc == 0)
        rc = offer_row_get(txn, offer->id, &old);
    if (rc < 0)
        return rc;
    known = rc == 0;
    index_derive(catalog, offer, partner, &row);
    if (known) {
        row.seats_taken = old.seats_taken;
        row.taken_referred = old.taken_referred;
    }
    rc = card_put(txn, catalog, offer, partner, &row);
    if (rc != 0 || (known && memcmp(&row, &old, sizeof old) == 0))
        return rc;
    rc = put_row(txn, &row);
    return rc == 0 ? move_in_blocks(txn, known ? &old : NULL, &row) : rc;
}

int
index_delete(struct txn *txn, uint64_t offer_id)
{
    struct key key = key_number(offer_id);
    struct offer_row row;
    int rc = offer_row_get(txn, offer_id, &row);

    if (rc == 0)
        rc = blocks_remove(txn, &row);
    if (rc == 0)
        rc = card_delete(txn, offer_id);
    if (rc == 0)
        rc = table_del(txn, TABLE_OFFER_ROW, &key);
    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}

int
index_take_seats(struct txn *txn, uint64_t offer_id, int seats, int referred)
{
    struct offer_row row, old;
    int rc = offer_row_get(txn, offer_id, &old);

    if (rc != 0)
        return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
    row = old;
    row.seats_taken = (uint16_t)(row.seats_taken + seats);
    row.taken_referred = (uint16_t)(row.taken_referred + referred);
    rc = put_row(txn, &row);
    return rc == 0 ? move_in_blocks(txn, &old, &row) : rc;
}

int
index_is_loose(struct txn *txn, bool *loose)
{
    uint64_t late = 0;
    int rc = partner_offers_late(txn, &late);

    *loose = late >= WORTH_LISTING;
    return rc != 0 || *loose ? rc : blocks_loose(txn, loose);
}

int
index_tidy(struct txn *txn)
{
    uint64_t late = 0;
    int rc = partner_offers_late(txn, &late);

    if (rc == 0 && late >= WORTH_LISTING)
        rc = partner_offers_list(txn);
    return rc == 0 ? blocks_tidy(txn, TIDY_BLOCKS) : rc;
}

int
index_refresh_partner(struct txn *txn, const Kansen__V1__Partner *partner)
{
    struct arena *arena = arena_new(REFRESH_MEMORY_MAX);
    uint64_t offer_id = 0;
    int rc = arena == NULL ? txn_fail(txn, STORE_FAULT_MEMORY) : 0;

    while (rc == 0 && (rc = partner_offer_next(txn, partner->id, offer_id, &offer_id)) == 0) {
        Kansen__V1__Offer *offer;

        arena_reset(arena);
        rc = offer_get(txn, offer_id, arena, &offer);
        if (rc == STORE_E_NOT_FOUND)
            rc = txn_fail(txn, STORE_FAULT_CORRUPT);
        if (rc == 0)
            rc = index_put(txn, offer, partner);
    }
    arena_free(arena);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
index_refresh_places(struct txn *txn)
{
    struct arena *offers = arena_new(REFRESH_MEMORY_MAX), *partners = arena_new(REFRESH_MEMORY_MAX);
    Kansen__V1__Partner *partner = NULL;
    Kansen__V1__Offer *offer;
    uint64_t after = 0;
    int rc = offers == NULL || partners == NULL ? txn_fail(txn, STORE_FAULT_MEMORY) : 0;

    while (rc == 0 && (rc = offer_next(txn, after, offers, &offer)) == 0) {
        after = offer->id;
        if (partner == NULL || partner->id != offer->partner_id) {
            arena_reset(partners);
            rc = partner_get(txn, offer->partner_id, partners, &partner);
        }
        if (rc == 0)
            rc = index_put(txn, offer, partner);
        else if (rc > 0)
            rc = txn_fail(txn, STORE_FAULT_CORRUPT);
        arena_reset(offers);
    }
    arena_free(offers);
    arena_free(partners);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}
