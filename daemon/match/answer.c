// SPDX-License-Identifier: Apache-2.0
// Texts of the records are used as they are; texts of the catalog are copied, as it may be gone before the
// answer is sent.
#include "match/answer.h"
#include "match/eligible.h"
#include "store/catalog.h"
#include "store/records.h"
#include "store/store.h"

int
answer_read(struct txn *txn, uint64_t offer_id, struct arena *arena, struct answer_offer *out)
{
    int r = offer_row_get(txn, offer_id, &out->candidate.row);

    if (r != 0)
        return r;
    score_renew(&out->candidate);
    r = offer_get(txn, offer_id, arena, &out->offer);
    if (r == 0)
        r = partner_get(txn, out->candidate.row.partner_id, arena, &out->partner);
    return r == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : r; // a row without its records
}

static Kansen__V1__Point *
new_point(struct arena *arena, struct geo_point position)
{
    Kansen__V1__Point *point = arena_alloc(arena, sizeof *point);

    if (point == NULL)
        return NULL;
    kansen__v1__point__init(point);
    point->lat_e6 = position.lat_e6;
    point->lon_e6 = position.lon_e6;
    return point;
}

static Kansen__V1__InterestMatch *
new_interest_match(const struct catalog *catalog, struct arena *arena, uint16_t wanted, uint16_t offered,
                   unsigned similarity)
{
    Kansen__V1__InterestMatch *met = arena_alloc(arena, sizeof *met);

    if (met == NULL)
        return NULL;
    kansen__v1__interest_match__init(met);
    met->wanted = arena_strdup(arena, catalog_interest(catalog, wanted)->code);
    met->offered = arena_strdup(arena, catalog_interest(catalog, offered)->code);
    met->similarity = similarity;
    return met->wanted == NULL || met->offered == NULL ? NULL : met;
}

static int
fill_interest_matches(const struct catalog *catalog, const struct query *query, const struct offer_row *row,
                      struct arena *arena, Kansen__V1__ScoreParts *parts)
{
    parts->interest_matches = arena_array(arena, query->n_wanted, sizeof(Kansen__V1__InterestMatch *));
    if (parts->interest_matches == NULL)
        return STORE_FAULT_MEMORY;
    for (uint32_t i = 0; i < query->n_wanted; i++) {
        unsigned similarity, best = score_best_interest(query, row, i, &similarity);
        Kansen__V1__InterestMatch *met;

        if (similarity == 0)
            continue;
        met = new_interest_match(catalog, arena, query->wanted[i].id, row->interests[best], similarity);
        if (met == NULL)
            return STORE_FAULT_MEMORY;
        parts->interest_matches[parts->n_interest_matches++] = met;
    }
    return 0;
}

static int
fill_parts(const struct catalog *catalog, const struct query *query, struct candidate *candidate,
           bool count_interest, struct arena *arena, Kansen__V1__Match *match)
{
    struct score score = score_of(query, candidate, count_interest);
    Kansen__V1__ScoreParts *parts = arena_alloc(arena, sizeof *parts);

    if (parts == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__score_parts__init(parts);
    parts->score = score.total;
    parts->interest = score.interest;
    parts->proximity = score.proximity;
    parts->transition = score.transition;
    match->parts = parts;
    return fill_interest_matches(catalog, query, &candidate->row, arena, parts);
}

// The name of the region that says where an offer is: its own, or, where it tells no place at all, its
// partner's; else the municipality that its position lies in.
static const char *
place_name(const struct catalog *catalog, const struct answer_offer *offer)
{
    const struct region *municipality = catalog_region(catalog, offer->candidate.row.municipality);
    const char *code = offer->offer->region;
    const struct region *region;

    if (code[0] == '\0' && offer->offer->position == NULL)
        code = offer->partner->region;
    region = code[0] == '\0' ? NULL : catalog_region_named(catalog, code);
    if (region != NULL)
        return catalog_region_current(catalog, region)->name;
    return municipality == NULL ? "" : municipality->name;
}

static int
fill_place(const struct catalog *catalog, const struct query *query, struct answer_offer *offer,
           struct arena *arena, Kansen__V1__Match *match)
{
    const struct region *municipality = catalog_region(catalog, offer->candidate.row.municipality);

    match->municipality = arena_strdup(arena, municipality == NULL ? "" : municipality->code);
    match->place = arena_strdup(arena, place_name(catalog, offer));
    if (match->municipality == NULL || match->place == NULL)
        return STORE_FAULT_MEMORY;
    match->remote = !score_has_distance(&offer->candidate.row);
    if (match->remote)
        return 0;
    match->distance_case = KANSEN__V1__MATCH__DISTANCE_DISTANCE_M;
    match->distance_m = score_distance(query, &offer->candidate);
    match->position = new_point(arena, offer->candidate.row.position);
    return match->position == NULL ? STORE_FAULT_MEMORY : 0;
}

static void
fill_records(const struct answer_offer *offer, Kansen__V1__Match *match)
{
    match->offer_id = offer->offer->id;
    match->external_id = offer->offer->external_id;
    match->title = offer->offer->title;
    match->kind = offer->offer->kind;
    match->partner_id = offer->partner->id;
    match->partner_name = offer->partner->name;
    match->start = offer->offer->start;
    match->end = offer->offer->end;
    match->n_weekdays = offer->offer->n_weekdays;
    match->weekdays = offer->offer->weekdays;
    match->cost_cents = offer->offer->cost_cents;
    match->url = offer->offer->url;
}

int
answer_match(const struct catalog *catalog, const struct query *query, struct answer_offer *offer,
             bool count_interest, struct arena *arena, Kansen__V1__Match **out)
{
    Kansen__V1__Match *match = arena_alloc(arena, sizeof *match);
    int r;

    if (match == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__match__init(match);
    fill_records(offer, match);
    match->seats_free = eligible_seats_free(query, &offer->candidate.row);
    r = fill_place(catalog, query, offer, arena, match);
    if (r == 0)
        r = fill_parts(catalog, query, &offer->candidate, count_interest, arena, match);
    if (r == 0)
        *out = match;
    return r;
}
