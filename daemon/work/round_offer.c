// SPDX-License-Identifier: Apache-2.0
// Facts are what the rule may read of an offer: kind, levels, ages, partner, and where it is, with all
// regions around it.
#include "work/round_offer.h"
#include "base/date.h"
#include "proto/names.h"
#include "store/catalog.h"
#include "store/offer_row.h"
#include "store/placement.h"
#include "store/records.h"
#include "store/round.h"
#include "work/round_class.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOTTERY(name) KANSEN__V1__ROUND_LOTTERY__ROUND_LOTTERY_##name

// ---- Which may

static bool
is_of_kind(const Kansen__V1__OfferKind *kinds, size_t n, unsigned kind)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned)kinds[i] == kind)
            return true;
    }
    return n == 0;
}

static bool
is_in(const struct catalog *catalog, const char *code, const struct offer_row *row)
{
    const struct region *region = code[0] == '\0' ? NULL : catalog_region_named(catalog, code);

    return code[0] == '\0' || (region != NULL && catalog_region_covers(catalog, region, row->municipality));
}

static int
check_region(struct change *change, const Kansen__V1__RoundPlan *plan, const struct offer_row *row,
             const char **why)
{
    const struct catalog *catalog = NULL;
    int rc = plan->region[0] == '\0' ? 0 : txn_catalog(change->txn, &catalog);

    if (rc == 0 && !is_in(catalog, plan->region, row))
        *why = "is not in the region of the round";
    return rc;
}

static int
check_free(struct change *change, uint64_t offer, const char **why)
{
    int32_t day = date_of_time(change->command->time_us), until;
    Kansen__V1__Offer *record = NULL;
    Kansen__V1__Round *other = NULL;
    int rc = round_of_offer(change->txn, offer, change->arena, &other);

    if (rc == 0)
        *why = "takes part in a round already";
    if (rc != STORE_E_NOT_FOUND)
        return rc;
    rc = offer_get(change->txn, offer, change->arena, &record);
    if (rc == 0 && date_parse(record->collect_until, &until) == 0 && day <= until)
        *why = "has a draw of its own";
    return rc > 0 ? STORE_FAULT_CORRUPT : rc;
}

// Of one that takes part.
static int
check_lottery(struct change *change, uint64_t round, uint64_t offer, Kansen__V1__RoundLottery lottery,
              const char **why)
{
    Kansen__V1__RoundOffer *record = NULL;
    int rc = round_offer_get(change->txn, round, offer, change->arena, &record);

    if (rc != 0)
        return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    if (lottery == LOTTERY(UNSPECIFIED))
        *why = "takes part already";
    else if (record->own_lottery == (lottery == LOTTERY(OWN)))
        *why = record->own_lottery ? "takes part already, and draws a lottery of its own"
                                   : "takes part already, and draws in the common lottery";
    return 0;
}

int
round_offer_may(struct change *change, uint64_t round, const Kansen__V1__RoundPlan *plan, uint64_t offer,
                Kansen__V1__RoundLottery lottery, const char **why)
{
    int32_t day = date_of_time(change->command->time_us);
    struct offer_row row;
    int rc;

    if (round_has_offer(change->txn, round, offer))
        return check_lottery(change, round, offer, lottery, why);
    rc = offer_row_get(change->txn, offer, &row);
    if (rc == STORE_E_NOT_FOUND) {
        *why = "is not there";
        return 0;
    }
    if (rc != 0)
        return rc;
    if ((row.flags & OFFER_ROW_LIVE) == 0)
        *why = "is not open";
    else if (!is_of_kind(plan->kinds, plan->n_kinds, row.kind))
        *why = "is not of the kinds of the round";
    else if (row.end != DATE_NONE && row.end < day)
        *why = "has ended";
    if (*why == NULL)
        rc = check_region(change, plan, &row, why);
    return rc == 0 && *why == NULL ? check_free(change, offer, why) : rc;
}

int
round_offer_behind(struct txn *txn, uint64_t after, uint64_t *offer)
{
    struct offer_row row;
    int rc = offer_row_next(txn, after, &row);

    if (rc == 0)
        *offer = row.offer_id;
    return rc;
}

// ---- Facts

struct facts {
    struct arena *arena;
    char *texts[ROUND_CLASS_FACTS_MAX];
    size_t n;
    bool short_of_memory;
};

// Adds a fact that is not there yet; of more than may be the first ones stay.
static void
add(struct facts *facts, const char *name, const char *value)
{
    char *text = arena_printf(facts->arena, "%s=%s", name, value);

    if (text == NULL)
        facts->short_of_memory = true;
    for (size_t i = 0; i < facts->n && text != NULL; i++) {
        if (strcmp(facts->texts[i], text) == 0)
            return;
    }
    if (text != NULL && facts->n < ROUND_CLASS_FACTS_MAX)
        facts->texts[facts->n++] = text;
}

static void
add_number(struct facts *facts, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    add(facts, name, text);
}

// An offer that names no level takes all, and no condition says that a fact is missing: so all are facts.
static void
add_levels(struct facts *facts, const struct offer_row *row)
{
    for (int level = 1; level < (int)names_level.count; level++) {
        if (row->levels == 0 || (row->levels & 1u << (level - 1)) != 0)
            add(facts, "level", names_text(&names_level, level));
    }
}

// A region and all that lie around it; regions form no ring.
static void
add_regions(struct facts *facts, const struct catalog *catalog, const struct region *region)
{
    add(facts, "region", region->code);
    for (size_t i = 0; i < region->n_parents; i++) {
        const struct region *parent = catalog_region_named(catalog, region->parents[i]);

        if (parent != NULL)
            add_regions(facts, catalog, catalog_region_current(catalog, parent));
    }
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_all(struct facts *facts, const struct catalog *catalog, const struct offer_row *row)
{
    const struct region *place = catalog_region(catalog, row->municipality);

    add(facts, "kind", names_text(&names_offer_kind, row->kind));
    add_levels(facts, row);
    if (row->max_age != UINT8_MAX)
        add_number(facts, "max_age", row->max_age);
    if (row->min_age != 0)
        add_number(facts, "min_age", row->min_age);
    add_number(facts, "partner", row->partner_id);
    if (place != NULL) {
        add(facts, "place", place->code);
        add_regions(facts, catalog, place);
    }
    qsort(facts->texts, facts->n, sizeof facts->texts[0], compare);
}

// Whether an offer draws a lottery of its own when nothing is said of it.
static bool
plan_says_own(const Kansen__V1__RoundPlan *plan, const struct catalog *catalog, const struct offer_row *row)
{
    const Kansen__V1__RoundOfferGroup *group = plan->own_lottery;

    return group != NULL && is_of_kind(group->kinds, group->n_kinds, row->kind) &&
           is_in(catalog, group->region, row);
}

static int
take_new(struct change *change, Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan, uint64_t offer,
         Kansen__V1__RoundLottery lottery)
{
    Kansen__V1__RoundOffer record = KANSEN__V1__ROUND_OFFER__INIT;
    struct facts facts = {.arena = change->arena};
    const struct catalog *catalog = NULL;
    struct offer_row row;
    int rc = offer_row_get(change->txn, offer, &row);

    if (rc == 0)
        rc = txn_catalog(change->txn, &catalog);
    if (rc != 0)
        return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    add_all(&facts, catalog, &row);
    if (facts.short_of_memory)
        return STORE_FAULT_MEMORY;
    record.round_id = round->id;
    record.offer_id = offer;
    record.kind = (Kansen__V1__OfferKind)row.kind;
    record.n_facts = facts.n;
    record.facts = facts.texts;
    record.own_lottery =
        lottery == LOTTERY(OWN) || (lottery == LOTTERY(UNSPECIFIED) && plan_says_own(plan, catalog, &row));
    round->offers++;
    round->own_lotteries += record.own_lottery;
    return round_offer_put(change->txn, &record, true);
}

int
round_offer_take(struct change *change, Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan,
                 uint64_t offer, Kansen__V1__RoundLottery lottery)
{
    Kansen__V1__RoundOffer *record = NULL;
    int rc;

    if (!round_has_offer(change->txn, round->id, offer))
        return take_new(change, round, plan, offer, lottery);
    rc = round_offer_get(change->txn, round->id, offer, change->arena, &record);
    if (rc != 0)
        return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    round->own_lotteries -= record->own_lottery;
    record->own_lottery = lottery == LOTTERY(OWN);
    round->own_lotteries += record->own_lottery;
    return round_offer_put(change->txn, record, false);
}

// ---- Seats

static int
let_pin_go(struct change *change, Kansen__V1__Round *round, const struct round_pin *pin)
{
    struct arena *arena = arena_new(SIZE_MAX / 2); // of this one alone: many long lists may be in one part
    Kansen__V1__RoundStudent *old = NULL, student;
    int rc =
        arena == NULL ? STORE_FAULT_MEMORY : round_student_get(change->txn, round->id, pin->ref, arena, &old);

    if (rc != 0) {
        arena_free(arena);
        return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    }
    student = *old;
    student.version++;
    student.updated_us = change->command->time_us;
    student.pinned_placement = 0;
    student.n_offers--;
    round->entries--;
    rc = round_student_put(change->txn, &student, old);
    arena_free(arena);
    return rc;
}

// Counts the pins of an offer whose placements still take a seat there.
static int
count_pins(struct change *change, Kansen__V1__Round *round, Kansen__V1__RoundOffer *offer)
{
    struct round_pin pin = {0};
    int rc;

    offer->pinned = offer->pinned_referred = 0;
    offer->pinned_left = offer->pinned_left_referred = 0;
    while ((rc = round_pin_next(change->txn, round->id, offer->offer_id, &pin)) == 0) {
        Kansen__V1__Placement *placement = NULL;

        rc = placement_get(change->txn, pin.placement, change->arena, &placement);
        if (rc < 0)
            return rc;
        if (rc == 0 && placement_is_live(placement->state) && placement_takes_seat(placement->state)) {
            offer->pinned++;
            offer->pinned_referred += placement->referred ? 1 : 0;
            continue;
        }
        rc = let_pin_go(change, round, &pin);
        if (rc != 0)
            return rc;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static bool
is_open(const struct offer_row *row, int32_t day)
{
    return (row->flags & OFFER_ROW_LIVE) != 0 && (row->end == DATE_NONE || row->end >= day);
}

int
round_offer_count(struct change *change, Kansen__V1__Round *round, Kansen__V1__RoundOffer *offer)
{
    int32_t day = date_of_time(change->command->time_us);
    uint32_t seats = 0, reserved = 0, others;
    struct offer_row row = {0};
    int rc = count_pins(change, round, offer);

    if (rc == 0)
        rc = offer_row_get(change->txn, offer->offer_id, &row);
    if (rc < 0)
        return rc;
    if (rc == 0 && is_open(&row, day)) {
        seats = (uint32_t)(row.seats - row.seats_taken);
        if (row.reserved_until == DATE_NONE || day <= row.reserved_until)
            reserved = row.reserved;
    }
    // A seat that is pinned is one of this round's too. Of the reserve, what those referred students fill who
    // hold a seat and are not in this round is gone.
    offer->seats = seats + offer->pinned;
    others = row.taken_referred > offer->pinned_referred ? row.taken_referred - offer->pinned_referred : 0;
    reserved = reserved > others ? reserved - others : 0;
    offer->reserved = reserved < offer->seats ? reserved : offer->seats;
    round->seats += offer->seats;
    round->reserved += offer->reserved;
    return round_offer_put(change->txn, offer, false);
}
