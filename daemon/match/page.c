// SPDX-License-Identifier: Apache-2.0
// Only what was found is read from the store: the card of each hit.
#include "match/page.h"
#include "match/encode.h"
#include "store/catalog.h"
#include "store/seats.h"
#include "store/store.h"
#include <string.h>

// The best similarity of a wanted interest with those of the offer: 0 and none, as nearly always, where no
// root is the same, so roots are compared first.
static unsigned
meet_one(const struct query *query, const struct card *card, const uint16_t roots[OFFER_INTERESTS_MAX],
         uint32_t i, unsigned *similarity)
{
    *similarity = 0;
    for (size_t j = 0; j < OFFER_INTERESTS_MAX && card->interests[j] != 0; j++)
        if (roots[j] == query->wanted[i].root)
            return score_best_interest(query, card->interests, i, similarity);
    return 0;
}

int
page_meet(const struct query *query, struct arena *arena, struct hit *hit)
{
    uint16_t roots[OFFER_INTERESTS_MAX];

    hit->n_met = 0;
    hit->met = arena_take(arena, query->n_wanted * sizeof *hit->met);
    if (hit->met == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t j = 0; j < OFFER_INTERESTS_MAX && hit->card.interests[j] != 0; j++)
        roots[j] = catalog_interest(query->catalog, hit->card.interests[j])->root;
    for (uint32_t i = 0; i < query->n_wanted; i++) {
        struct met *met = &hit->met[hit->n_met];
        unsigned similarity, best = meet_one(query, &hit->card, roots, i, &similarity);

        if (similarity == 0)
            continue;
        met->wanted = catalog_interest(query->catalog, query->wanted[i].id)->code;
        met->offered = catalog_interest(query->catalog, hit->card.interests[best])->code;
        met->wanted_len = (uint32_t)strlen(met->wanted);
        met->offered_len = (uint32_t)strlen(met->offered);
        met->similarity = similarity;
        hit->n_met++;
    }
    return 0;
}

static int
read_hit(struct search *search, const struct card_place *place, const struct ranked *ranked, struct hit *hit)
{
    *hit = (struct hit){
        .offer_id = ranked->offer_id,
        .card = card_read(place),
        .score = {ranked->score, ranked->interest, ranked->proximity, ranked->transition},
        .has_distance = !ranked->remote,
        .distance_m = ranked->distance_m,
        .seats_free = seats_free(ranked->seats, seats_width(ranked->small), ranked->all_seats, ranked->slot),
    };
    return page_meet(search->query, search->arena, hit);
}

// Reads all hits together, step by step: each step finds in the cache what the one before has called for.
static int
read_hits(struct search *search, const struct rank *rank, struct hit *hits)
{
    struct card_place places[QUERY_LIMIT_MAX];
    int r = 0;

    for (size_t i = 0; i < rank->n && r == 0; i++) {
        const struct ranked *ranked = &rank->best[i];

        r = card_find(search->txn, ranked->offer_id, &places[i]);
        CALL_FOR(ranked->seats + seats_free_at(seats_width(ranked->small), ranked->all_seats, ranked->slot));
    }
    for (size_t i = 0; i < rank->n && r == 0; i++)
        r = card_approach(search->txn, &places[i]);
    for (size_t i = 0; i < rank->n && r == 0; i++)
        r = read_hit(search, &places[i], &rank->best[i], &hits[i]);
    return r == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : r; // a block without its card
}

static int
make_hits(struct search *search, const struct rank *rank, size_t *n, struct hit **out)
{
    struct hit *hits = arena_take(search->arena, rank->n * sizeof *hits);
    int r = hits == NULL ? STORE_FAULT_MEMORY : read_hits(search, rank, hits);

    if (r != 0)
        return r;
    *n = rank->n;
    *out = hits;
    return 0;
}

int
page_make(struct search *search, const struct cursor *cursor, struct match_page **out)
{
    struct match_page *page = arena_alloc(search->arena, sizeof *page);
    int r;

    if (page == NULL)
        return STORE_FAULT_MEMORY;
    page->sequence = txn_sequence(search->txn);
    page->want_total = search->query->want_total;
    page->total = search->total;
    page->has_cursor = cursor != NULL;
    if (cursor != NULL)
        cursor_encode(cursor, page->cursor);
    r = make_hits(search, &search->matches, &page->n_matches, &page->matches);
    if (r == 0)
        r = make_hits(search, &search->discoveries, &page->n_discoveries, &page->discoveries);
    if (r == 0 && search->facets != NULL)
        r = facets_answer(search->facets, search->arena, &page->n_facets, &page->facets);
    if (r != 0)
        return r;
    encode_measure(page);
    *out = page;
    return 0;
}
