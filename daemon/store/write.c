// SPDX-License-Identifier: Apache-2.0
// Puts and removals of partners and offers, the journal, and ids.
#include "store/write.h"
#include "base/date.h"
#include "store/catalog.h"
#include "store/index.h"
#include "store/internal.h"
#include "store/partner_offers.h"
#include "store/placement.h"
#include "store/records.h"
#include <string.h>

static const char *const last_ids[] = {
    [STORE_ID_PARTNER] = META_LAST_PARTNER,     [STORE_ID_OFFER] = META_LAST_OFFER,
    [STORE_ID_INTEREST] = META_LAST_INTEREST,   [STORE_ID_REGION] = META_LAST_REGION,
    [STORE_ID_PLACEMENT] = META_LAST_PLACEMENT, [STORE_ID_CLIENT] = META_LAST_CLIENT,
    [STORE_ID_TOKEN] = META_LAST_TOKEN,         [STORE_ID_ROUND] = META_LAST_ROUND,
    [STORE_ID_OBJECTION] = META_LAST_OBJECTION,
};

int
store_last_id(struct txn *txn, enum store_id kind, uint64_t *id)
{
    if (!txn->ids[kind].known) {
        int rc = meta_get(txn, last_ids[kind], &txn->ids[kind].last);

        if (rc < 0)
            return rc;
        txn->ids[kind].known = true;
    }
    *id = txn->ids[kind].last;
    return 0;
}

int
store_next_id(struct txn *txn, enum store_id kind, uint64_t *id)
{
    int rc = store_last_id(txn, kind, id);

    if (rc != 0)
        return rc;
    txn->ids[kind].last = ++*id;
    txn->ids[kind].changed = true;
    return 0;
}

int
ids_put(struct txn *txn)
{
    int rc = 0;

    for (int kind = 0; kind < STORE_ID_COUNT && rc == 0; kind++)
        if (txn->ids[kind].changed)
            rc = meta_put(txn, last_ids[kind], txn->ids[kind].last);
    return rc;
}

// A removal of what must be there.
static int
delete_known(struct txn *txn, enum table table, const struct key *key)
{
    int rc = table_del(txn, table, key);

    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}

// ---- External ids

static int
external_put(struct txn *txn, enum table table, const char *source, const char *external_id, uint64_t id)
{
    struct key key;

    if (external_id[0] == '\0')
        return 0;
    key = key_external(source, external_id);
    return table_put(txn, table, &key, &id, sizeof id, 0);
}

static int
external_delete(struct txn *txn, enum table table, const char *source, const char *external_id)
{
    struct key key;

    if (external_id[0] == '\0')
        return 0;
    key = key_external(source, external_id);
    return delete_known(txn, table, &key);
}

// From the external id that a record had to the one that it has; the source of a record never changes.
static int
external_swap(struct txn *txn, enum table table, const char *source, const char *was, const char *is,
              uint64_t id)
{
    int rc = 0;

    if (strcmp(was, is) == 0)
        return 0;
    rc = external_delete(txn, table, source, was);
    return rc == 0 ? external_put(txn, table, source, is, id) : rc;
}

// ---- Partners

static int32_t
day_of(const char *text)
{
    int32_t days;

    return date_parse(text, &days) == 0 ? days : DATE_NONE;
}

static int
accreditations_delete(struct txn *txn, const Kansen__V1__Partner *partner)
{
    int rc = 0;

    for (size_t i = 0; i < partner->n_accreditations && rc == 0; i++) {
        struct key key = key_accreditation(partner->accreditations[i]->crebo, partner->id, (uint32_t)i);

        rc = delete_known(txn, TABLE_ACCREDITATION, &key);
    }
    return rc;
}

static int
accreditations_put(struct txn *txn, const Kansen__V1__Partner *partner)
{
    int rc = 0;

    for (size_t i = 0; i < partner->n_accreditations && rc == 0; i++) {
        const Kansen__V1__Accreditation *given = partner->accreditations[i];
        struct key key = key_accreditation(given->crebo, partner->id, (uint32_t)i);
        int32_t days[2] = {day_of(given->first_day), day_of(given->last_day)};

        rc = table_put(txn, TABLE_ACCREDITATION, &key, days, sizeof days, 0);
    }
    return rc;
}

bool
partner_same_accreditations(const Kansen__V1__Partner *a, const Kansen__V1__Partner *b)
{
    bool same = a->n_accreditations == b->n_accreditations;

    for (size_t i = 0; i < a->n_accreditations && same; i++) {
        const Kansen__V1__Accreditation *x = a->accreditations[i], *y = b->accreditations[i];

        same = x->crebo == y->crebo && strcmp(x->first_day, y->first_day) == 0 &&
               strcmp(x->last_day, y->last_day) == 0;
    }
    return same;
}

static int
accreditations_swap(struct txn *txn, const Kansen__V1__Partner *partner, const Kansen__V1__Partner *old)
{
    int rc = 0;

    if (partner_same_accreditations(partner, old))
        return 0;
    rc = accreditations_delete(txn, old);
    return rc == 0 ? accreditations_put(txn, partner) : rc;
}

static bool
same_point(const Kansen__V1__Point *a, const Kansen__V1__Point *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->lat_e6 == b->lat_e6 && a->lon_e6 == b->lon_e6;
}

// Whether an offer's row and card would come out the same under both.
static bool
same_for_offers(const Kansen__V1__Partner *a, const Kansen__V1__Partner *b)
{
    return a->kind == b->kind && a->status == b->status && strcmp(a->name, b->name) == 0 &&
           strcmp(a->region, b->region) == 0 && same_point(a->position, b->position);
}

static int
partner_insert(struct txn *txn, const Kansen__V1__Partner *partner)
{
    struct key key = key_u64(partner->id);
    int rc = record_append(txn, TABLE_PARTNER, &key, &partner->base);

    if (rc == 0)
        rc = external_put(txn, TABLE_PARTNER_EXT, partner->source, partner->external_id, partner->id);
    return rc == 0 ? accreditations_put(txn, partner) : rc;
}

// What has not changed is not written: each entry lies on a page of its own.
static int
partner_update(struct txn *txn, const Kansen__V1__Partner *partner, const Kansen__V1__Partner *old)
{
    struct key key = key_u64(partner->id);
    int rc = record_put(txn, TABLE_PARTNER, &key, &partner->base);

    if (rc == 0)
        rc = external_swap(txn, TABLE_PARTNER_EXT, partner->source, old->external_id, partner->external_id,
                           partner->id);
    if (rc == 0)
        rc = accreditations_swap(txn, partner, old);
    return rc == 0 && !same_for_offers(partner, old) ? index_refresh_partner(txn, partner) : rc;
}

int
partner_put(struct txn *txn, const Kansen__V1__Partner *partner, const Kansen__V1__Partner *old)
{
    return old == NULL ? partner_insert(txn, partner) : partner_update(txn, partner, old);
}

int
partner_delete(struct txn *txn, const Kansen__V1__Partner *old)
{
    struct key key = key_u64(old->id);
    int rc = accreditations_delete(txn, old);

    if (rc == 0)
        rc = external_delete(txn, TABLE_PARTNER_EXT, old->source, old->external_id);
    if (rc == 0)
        rc = delete_known(txn, TABLE_PARTNER, &key);
    return rc;
}

// ---- Offers

static int
taxonomy_changed(struct txn *txn)
{
    uint64_t generation;
    int rc = meta_get(txn, META_GENERATION, &generation);

    txn->catalog_known = false;
    return rc < 0 ? rc : meta_put(txn, META_GENERATION, generation + 1);
}

// Gives a number to a fund code that has none.
static int
fund_put(struct txn *txn, const char *code)
{
    const struct catalog *catalog = NULL;
    struct key key = key_text(code);
    uint64_t last;
    uint16_t number;
    int rc = txn_catalog(txn, &catalog);

    if (rc != 0 || catalog_fund(catalog, code) != 0)
        return rc;
    rc = meta_get(txn, META_LAST_FUND, &last);
    if (rc < 0)
        return rc;
    number = (uint16_t)(last + 1);
    rc = table_put(txn, TABLE_FUND, &key, &number, sizeof number, 0);
    if (rc == 0)
        rc = meta_put(txn, META_LAST_FUND, number);
    return rc == 0 ? taxonomy_changed(txn) : rc;
}

// Midnight after a date, in microseconds since 1970 UTC.
static int64_t
day_after_us(int32_t day)
{
    return (day + INT64_C(1)) * 86400 * 1000000;
}

// When the clock must look at an offer: a reserve that opens for those who wait, and a draw. Fills due;
// returns how many.
static size_t
dues_of(const Kansen__V1__Offer *offer, struct due due[2])
{
    int32_t reserved_until = day_of(offer->reserved_until), collect_until = day_of(offer->collect_until);
    size_t n = 0;

    if (offer->waiting_list && offer->reserved_seats > 0 && reserved_until != DATE_NONE)
        due[n++] = (struct due){day_after_us(reserved_until), DUE_RESERVE, offer->id};
    if (collect_until != DATE_NONE)
        due[n++] = (struct due){day_after_us(collect_until), DUE_DRAW, offer->id};
    return n;
}

static int
swap_dues(struct txn *txn, const Kansen__V1__Offer *offer, const Kansen__V1__Offer *old)
{
    struct due was[2], is[2];
    size_t n_was = old == NULL ? 0 : dues_of(old, was), n_is = offer == NULL ? 0 : dues_of(offer, is);
    int rc = 0;

    for (size_t i = 0; i < n_was && rc == 0; i++)
        rc = due_delete(txn, &was[i]);
    for (size_t i = 0; i < n_is && rc == 0; i++)
        rc = due_put(txn, &is[i]);
    return rc;
}

static int
delete_seats(struct txn *txn, uint64_t offer)
{
    uint64_t placement = 0;
    int rc;

    while ((rc = seat_next(txn, offer, &placement)) == 0) {
        struct key key = key_pair(offer, placement);

        rc = delete_known(txn, TABLE_SEAT, &key);
        if (rc != 0)
            return rc;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
offer_insert(struct txn *txn, const Kansen__V1__Offer *offer)
{
    struct key key = key_u64(offer->id);
    int rc = record_append(txn, TABLE_OFFER, &key, &offer->base);

    if (rc == 0)
        rc = external_put(txn, TABLE_OFFER_EXT, offer->source, offer->external_id, offer->id);
    return rc;
}

static int
offer_update(struct txn *txn, const Kansen__V1__Offer *offer, const Kansen__V1__Offer *old)
{
    struct key key = key_u64(offer->id);
    int rc = record_put(txn, TABLE_OFFER, &key, &offer->base);

    if (rc == 0)
        rc = external_swap(txn, TABLE_OFFER_EXT, offer->source, old->external_id, offer->external_id,
                           offer->id);
    if (rc != 0 || offer->partner_id == old->partner_id)
        return rc;
    return partner_offers_move(txn, offer->id, old->partner_id, offer->partner_id);
}

int
offer_put(struct txn *txn, const Kansen__V1__Offer *offer, const Kansen__V1__Offer *old,
          const Kansen__V1__Partner *partner)
{
    int rc = 0;

    for (size_t i = 0; i < offer->n_funds && rc == 0; i++)
        rc = fund_put(txn, offer->funds[i]);
    if (rc == 0)
        rc = old == NULL ? offer_insert(txn, offer) : offer_update(txn, offer, old);
    if (rc == 0)
        rc = swap_dues(txn, offer, old);
    return rc == 0 ? index_put(txn, offer, partner) : rc;
}

int
offer_delete(struct txn *txn, const Kansen__V1__Offer *old)
{
    struct key key = key_u64(old->id);
    int rc = index_delete(txn, old->id);

    if (rc == 0)
        rc = delete_seats(txn, old->id);
    if (rc == 0)
        rc = swap_dues(txn, NULL, old);
    if (rc == 0)
        rc = external_delete(txn, TABLE_OFFER_EXT, old->source, old->external_id);
    if (rc == 0)
        rc = partner_offers_delete(txn, old->id, old->partner_id);
    if (rc == 0)
        rc = delete_known(txn, TABLE_OFFER, &key);
    return rc;
}

// ---- Taxonomy

int
interest_put(struct txn *txn, const Kansen__V1__Interest *interest)
{
    struct key key = key_text(interest->code);
    int rc = record_put(txn, TABLE_INTEREST, &key, &interest->base);

    return rc == 0 ? taxonomy_changed(txn) : rc;
}

int
interest_delete(struct txn *txn, const Kansen__V1__Interest *old)
{
    struct key key = key_text(old->code);
    int rc = delete_known(txn, TABLE_INTEREST, &key);

    return rc == 0 ? taxonomy_changed(txn) : rc;
}

int
region_put(struct txn *txn, const Kansen__V1__Region *region, const Kansen__V1__Region *old)
{
    struct key key = key_text(region->code);
    int rc = record_put(txn, TABLE_REGION, &key, &region->base);

    // A new municipality may be nearest to an offer; a place that moved, was merged away or has another name
    // may hold one.
    if (old == NULL ? region->type == KANSEN__V1__REGION_TYPE__REGION_TYPE_MUNICIPALITY
                    : !same_point(region->centroid, old->centroid) || strcmp(region->name, old->name) != 0 ||
                          strcmp(region->successor, old->successor) != 0 ||
                          region->type == KANSEN__V1__REGION_TYPE__REGION_TYPE_PLACE)
        txn->places_changed = true;
    return rc == 0 ? taxonomy_changed(txn) : rc;
}

int
region_delete(struct txn *txn, const Kansen__V1__Region *old)
{
    struct key key = key_text(old->code);
    int rc = delete_known(txn, TABLE_REGION, &key);

    txn->places_changed = true;
    return rc == 0 ? taxonomy_changed(txn) : rc;
}

int
postcode_put(struct txn *txn, const Kansen__V1__Postcode *postcode)
{
    struct key key = key_u16((uint16_t)postcode->postcode);

    return record_put(txn, TABLE_POSTCODE, &key, &postcode->base);
}

int
postcode_delete(struct txn *txn, uint32_t postcode)
{
    struct key key = key_u16((uint16_t)postcode);

    return delete_known(txn, TABLE_POSTCODE, &key);
}

// ---- Journal

int
journal_append(struct txn *txn, Kansen__V1__JournalEntry *entry)
{
    struct key key;
    int rc;

    entry->sequence = txn_sequence(txn) + 1;
    if (txn->fault != 0)
        return txn->fault;
    key = key_u64(entry->sequence);
    rc = record_append(txn, TABLE_JOURNAL, &key, &entry->base);
    if (rc == 0)
        txn->sequence = entry->sequence;
    return rc;
}

int
journal_trim(struct txn *txn, uint64_t keep, unsigned most)
{
    uint64_t first, last = txn_sequence(txn), sequence;
    int rc = txn->fault != 0 ? txn->fault : journal_first(txn, &first);

    if (rc != 0)
        return rc;
    for (sequence = first; last >= keep && sequence <= last - keep && sequence - first < most; sequence++) {
        struct key key = key_u64(sequence);

        rc = table_del(txn, TABLE_JOURNAL, &key);
        if (rc != 0)
            return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
    }
    return sequence == first ? 0 : meta_put(txn, META_LAST_TRIMMED, sequence - 1);
}

int
journal_last_time(struct txn *txn, int64_t *time_us)
{
    uint64_t sequence = txn_sequence(txn);
    struct arena *arena;
    Kansen__V1__JournalEntry *entry;
    int rc;

    *time_us = 0;
    if (sequence == 0)
        return txn->fault;
    arena = arena_new(SIZE_MAX);
    if (arena == NULL)
        return txn_fail(txn, STORE_FAULT_MEMORY);
    rc = journal_get(txn, sequence, arena, &entry);
    if (rc == 0)
        *time_us = entry->time_us;
    arena_free(arena);
    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}
