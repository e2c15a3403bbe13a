// SPDX-License-Identifier: Apache-2.0
// Holders are put in order of their offers first, so that each offer is looked at once, with all who hold it.
#include "cohort/cutoff.h"
#include <stdlib.h>
#include <string.h>

#define AHEAD 8u // wishes whose offers are called for before their turn

// A holder, as its offer sees it.
struct holder {
    uint64_t key;
    bool referred, kept;
};

// Holders by offer: those of j are holder[from[j]] .. holder[from[j + 1] - 1].
struct holders {
    struct holder *holder;
    uint32_t *from; // n_offers + 1
};

static uint32_t
effective_reserve(const struct cohort_offer *offer)
{
    return offer->reserve < offer->capacity ? offer->reserve : offer->capacity;
}

void
cutoff_bounds(const struct cutoff_holders *h, uint64_t *general, uint64_t *referred)
{
    uint64_t worst;

    if (h->seats == 0) {
        *general = *referred = CUTOFF_CLOSED;
        return;
    }
    if (h->n_referred + h->n_general < h->seats) {
        *general = *referred = CUTOFF_OPEN;
        return;
    }
    if (h->n_general == 0 || (h->n_referred != 0 && h->worst_referred > h->worst_general))
        worst = h->worst_referred + 1;
    else
        worst = h->worst_general + 1;
    *referred = h->n_referred < h->reserve ? CUTOFF_OPEN : worst;
    *general = worst;
    if (h->n_referred <= h->reserve)
        *general = h->n_general == 0 ? CUTOFF_CLOSED : h->worst_general + 1;
}

size_t
cutoff_size(const struct cohort *cohort)
{
    return cohort->n_students * sizeof(struct holder) + (cohort->n_offers + (size_t)1) * sizeof(uint32_t);
}

static struct holder
make_holder(const struct cohort *cohort, const struct cohort_lottery *lottery, uint32_t student,
            const struct cohort_place *place)
{
    return (struct holder){
        .key = cohort_key(cohort, lottery, student, cohort->list[student] + place->rank - 1),
        .referred = (cohort->flags[student] & COHORT_REFERRED) != 0,
        .kept = cohort_is_kept(cohort, student, place),
    };
}

// A counting sort. from is one place ahead while it fills, so that it ends where it should.
static struct holders
sort_holders(const struct cohort *cohort, const struct cohort_lottery *lottery,
             const struct cohort_place *places, void *memory)
{
    struct holders holders = {.holder = memory};
    uint32_t sum = 0;

    holders.from = (uint32_t *)(holders.holder + cohort->n_students);
    memset(holders.from, 0, (cohort->n_offers + (size_t)1) * sizeof *holders.from);
    for (uint32_t i = 0; i < cohort->n_students; i++) {
        if (places[i].offer != COHORT_NONE)
            holders.from[places[i].offer + 1]++;
    }
    for (uint32_t j = 1; j <= cohort->n_offers; j++) {
        uint32_t count = holders.from[j];

        holders.from[j] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < cohort->n_students; i++) {
        if (places[i].offer != COHORT_NONE)
            holders.holder[holders.from[places[i].offer + 1]++] = make_holder(cohort, lottery, i, &places[i]);
    }
    return holders;
}

static int
compare_holders(const void *a, const void *b)
{
    const struct holder *left = a, *right = b;

    return (left->key > right->key) - (left->key < right->key);
}

// The bound of the worst of n referred holders who sits on one of the reserved seats.
static uint64_t
reserved_bound(struct holder *referred, uint32_t n, uint32_t reserve, uint64_t worst)
{
    if (n == 0 || reserve == 0)
        return CUTOFF_CLOSED;
    if (n <= reserve)
        return worst + 1;
    qsort(referred, n, sizeof *referred, compare_holders);
    return referred[reserve - 1].key + 1;
}

static struct cutoff
look_at_offer(const struct cohort_offer *offer, struct holder *holders, uint32_t n)
{
    struct cutoff_holders others = {.seats = offer->capacity, .reserve = effective_reserve(offer)};
    struct cutoff cutoff = {.held = (uint16_t)n};

    for (uint32_t h = 0; h < n; h++) {
        struct holder holder = holders[h];

        cutoff.held_referred += holder.referred;
        if (holder.kept) {
            cutoff.pinned++;
            cutoff.pinned_referred += holder.referred;
        } else if (holder.referred) {
            holders[others.n_referred++] = holder; // these go to the front
            others.worst_referred = holder.key > others.worst_referred ? holder.key : others.worst_referred;
        } else {
            others.n_general++;
            others.worst_general = holder.key > others.worst_general ? holder.key : others.worst_general;
        }
    }
    others.seats -= cutoff.pinned;
    others.reserve -= cutoff.pinned_referred < others.reserve ? cutoff.pinned_referred : others.reserve;
    if (others.reserve > others.seats)
        others.reserve = others.seats;
    cutoff_bounds(&others, &cutoff.general, &cutoff.referred);
    cutoff.reserved = reserved_bound(holders, others.n_referred, others.reserve, others.worst_referred);
    return cutoff;
}

void
cutoff_compute(const struct cohort *cohort, const struct cohort_lottery *lottery,
               const struct cohort_place *places, void *memory, struct cutoff *cutoffs)
{
    struct holders holders = sort_holders(cohort, lottery, places, memory);

    for (uint32_t j = 0; j < cohort->n_offers; j++)
        cutoffs[j] = look_at_offer(&cohort->offers[j], holders.holder + holders.from[j],
                                   holders.from[j + 1] - holders.from[j]);
}

static enum cutoff_flaw
find(struct cutoff_finding *finding, enum cutoff_flaw flaw, uint32_t student, uint32_t offer)
{
    *finding = (struct cutoff_finding){flaw, student, offer};
    return flaw;
}

// The flaw of one student's place, the seats of its offer left aside.
static enum cutoff_flaw
look_at_place(const struct cohort *cohort, uint32_t student, const struct cohort_place *place)
{
    uint32_t from = cohort->list[student], len = cohort->list[student + 1] - from;

    if (place->rank > len || (place->rank == 0) != (place->offer == COHORT_NONE))
        return CUTOFF_RANK;
    if (place->rank == 0)
        return (cohort->flags[student] & COHORT_PINNED) != 0 ? CUTOFF_PINNED : CUTOFF_SOUND;
    if (cohort->wishes[from + place->rank - 1].offer != place->offer)
        return CUTOFF_RANK;
    if (cohort->wishes[from + place->rank - 1].class == COHORT_INELIGIBLE &&
        !cohort_is_kept(cohort, student, place))
        return CUTOFF_INELIGIBLE;
    return CUTOFF_SOUND;
}

enum cutoff_flaw
cutoff_feasible(const struct cohort *cohort, const struct cohort_place *places, void *memory,
                struct cutoff_finding *finding)
{
    uint32_t *held = memory;

    memset(held, 0, cohort->n_offers * sizeof *held);
    for (uint32_t i = 0; i < cohort->n_students; i++) {
        enum cutoff_flaw flaw = look_at_place(cohort, i, &places[i]);

        if (flaw != CUTOFF_SOUND)
            return find(finding, flaw, i, places[i].offer);
        if (places[i].offer != COHORT_NONE &&
            ++held[places[i].offer] > cohort->offers[places[i].offer].capacity)
            return find(finding, CUTOFF_CAPACITY, i, places[i].offer);
    }
    return find(finding, CUTOFF_SOUND, COHORT_NONE, COHORT_NONE);
}

enum cutoff_flaw
cutoff_stable(const struct cohort *cohort, const struct cohort_lottery *lottery,
              const struct cohort_place *places, const struct cutoff *cutoffs, struct cutoff_finding *finding)
{
    uint32_t n_wishes = cohort->list[cohort->n_students];

    for (uint32_t i = 0; i < cohort->n_students; i++) {
        bool referred = (cohort->flags[i] & COHORT_REFERRED) != 0;
        uint32_t end = places[i].rank == 0 ? cohort->list[i + 1] : cohort->list[i] + places[i].rank - 1;

        for (uint32_t w = cohort->list[i]; w < end; w++) {
            const struct cutoff *cutoff = &cutoffs[cohort->wishes[w].offer];

            if (w + AHEAD < n_wishes)
                CALL_FOR(&cutoffs[cohort->wishes[w + AHEAD].offer]);
            if (cohort_key(cohort, lottery, i, w) < (referred ? cutoff->referred : cutoff->general))
                return find(finding, CUTOFF_BLOCKING, i, cohort->wishes[w].offer);
        }
    }
    return find(finding, CUTOFF_SOUND, COHORT_NONE, COHORT_NONE);
}
