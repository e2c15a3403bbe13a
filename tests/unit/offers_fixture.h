// SPDX-License-Identifier: Apache-2.0
// Random offers in a fixture's store: a taxonomy four deep, partners of every kind, and places that are
// crowded, shared, far apart, at a pole and at the date line. Every field of an offer is used, and often at
// an edge.
#ifndef TESTS_UNIT_OFFERS_FIXTURE_H
#define TESTS_UNIT_OFFERS_FIXTURE_H

#include "base/date.h"
#include "tests/unit/store_fixture.h"
#include <math.h>
#include <string.h>

#define OFFERS_PARTNERS 24u
#define OFFERS_TODAY    20000 // the day that dates lie around
#define OFFERS_CREBO    25655u

struct offers {
    struct fixture fixture;
    uint64_t partners[OFFERS_PARTNERS];
    unsigned named; // offers that have a name
};

static char *const offers_interests[] = {
    (char *)"sport",
    (char *)"sport.voetbal",
    (char *)"sport.tennis",
    (char *)"techniek",
    (char *)"techniek.robotica",
    (char *)"techniek.robotica.drones",
    (char *)"techniek.robotica.drones.race",
    (char *)"techniek.bouw",
    (char *)"muziek",
    (char *)"zorg",
    (char *)"zorg.kinderen",
    (char *)"zorg.kinderen.opvang",
    (char *)"zorg.kinderen.opvang.baby",
    (char *)"zorg.ouderen",
};
static char *const offers_municipalities[] = {(char *)"GM0606", (char *)"GM0503", (char *)"GM0363",
                                              (char *)"GM0001", (char *)"PL0606-oost"};
static char *const offers_funds[] = {(char *)"jeugdfonds", (char *)"leergeld", (char *)"stap"};
static char *const offers_languages[] = {(char *)"nl", (char *)"en", (char *)"ar", (char *)"tr"};

#define OFFERS_COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct geo_point offers_center = {51919170, 4388610};

static inline unsigned
offers_below(unsigned limit)
{
    return (unsigned)random() % limit;
}

static inline bool
offers_one_in(unsigned n)
{
    return offers_below(n) == 0;
}

static inline double
offers_within(double least, double most)
{
    return least + (most - least) * (double)random() / (double)RAND_MAX;
}

// ---- The store

static inline void
offers_add_partner(struct offers *offers, unsigned number)
{
    Kansen__V1__Accreditation accreditations[] = {KANSEN__V1__ACCREDITATION__INIT,
                                                  KANSEN__V1__ACCREDITATION__INIT};
    Kansen__V1__Accreditation *list[] = {&accreditations[0], &accreditations[1]};
    Kansen__V1__WriteResult result;
    Kansen__V1__Partner partner;
    char name[16], until[DATE_TEXT_MAX];

    snprintf(name, sizeof name, "p%u", number);
    partner = fixture_partner(name, offers_municipalities[number % 3]);
    partner.kind = (Kansen__V1__PartnerKind)(1 + number % 6);
    if (number % 11 == 10)
        partner.status = KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_SUSPENDED;
    accreditations[0].crebo = OFFERS_CREBO + number % 2;
    accreditations[1].crebo = OFFERS_CREBO;
    accreditations[0].last_day = date_format(OFFERS_TODAY + (int)(number % 5) - 2, until);
    partner.n_accreditations = number % 3;
    partner.accreditations = list;
    result = fixture_upsert_partner(&offers->fixture, partner);
    assert_null(result.status);
    offers->partners[number] = result.id;
}

// A store with a taxonomy and partners, and no offers.
static inline void
offers_start(struct offers *offers)
{
    *offers = (struct offers){.named = 0};
    fixture_start(&offers->fixture);
    for (size_t i = 0; i < OFFERS_COUNT(offers_interests); i++)
        assert_null(fixture_interest(&offers->fixture, offers_interests[i]).status);
    fixture_region(&offers->fixture, "PV27", REGION(PROVINCE), "NL", (struct geo_point){52600000, 4900000},
                   "");
    fixture_region(&offers->fixture, "GM0363", REGION(MUNICIPALITY), "PV27",
                   (struct geo_point){52370000, 4900000}, "");
    fixture_region(&offers->fixture, "GM0001", REGION(MUNICIPALITY), "PV28", (struct geo_point){1, 1},
                   "GM0606");
    fixture_region(&offers->fixture, "PL0606-oost", REGION(PLACE), "GM0606",
                   (struct geo_point){51920000, 4400000}, "");
    for (unsigned i = 0; i < OFFERS_PARTNERS; i++)
        offers_add_partner(offers, i);
}

// ---- An offer

static inline char *
offers_date(struct offers *offers, int32_t least, int32_t most)
{
    char *text = arena_alloc(offers->fixture.arena, DATE_TEXT_MAX);

    assert_non_null(text);
    return date_format(OFFERS_TODAY + least + (int32_t)offers_below((unsigned)(most - least) + 1), text);
}

// Up to `most` of the values 1..count, each once; an array of enums or ints in the arena.
static inline size_t
offers_values(struct offers *offers, unsigned count, unsigned most, void *out)
{
    int *values = arena_array(offers->fixture.arena, most + 1, sizeof *values);
    size_t n = 0;

    assert_non_null(values);
    for (unsigned i = 0, wanted = offers_below(most + 1); i < wanted; i++) {
        int value = 1 + (int)offers_below(count);
        bool known = false;

        for (size_t j = 0; j < n; j++)
            known = known || values[j] == value;
        if (!known)
            values[n++] = value;
    }
    *(int **)out = values;
    return n;
}

// The same for texts of a list, at least `least` of them.
static inline size_t
offers_texts(struct offers *offers, char *const *list, size_t count, unsigned least, unsigned most,
             char ***out)
{
    char **texts = arena_array(offers->fixture.arena, most + 1, sizeof *texts);
    size_t n = 0, wanted = least + offers_below(most - least + 1);

    assert_non_null(texts);
    while (n < wanted && n < count) {
        char *text = list[offers_below((unsigned)count)];
        bool known = false;

        for (size_t j = 0; j < n; j++)
            known = known || texts[j] == text;
        if (!known)
            texts[n++] = text;
        else if (n >= least)
            break;
    }
    *out = texts;
    return n;
}

// Mostly within reach of the center, some of them on one spot; a few at the ends of the earth.
static inline struct geo_point
offers_place(void)
{
    double spread = 1e6 / (1 + offers_below(20));
    struct geo_point spot = offers_center;

    switch (offers_below(20)) {
    case 0:
        return (struct geo_point){offers_one_in(2) ? 90000000 : -90000000,
                                  (int32_t)offers_within(-180e6, 180e6)};
    case 1:
        return (struct geo_point){(int32_t)offers_within(-90e6, 90e6),
                                  offers_one_in(2) ? 180000000 : -179999999};
    case 2:
        return (struct geo_point){(int32_t)offers_within(-90e6, 90e6), (int32_t)offers_within(-180e6, 180e6)};
    case 3:
    case 4:
        spot.lat_e6 += 1000 * (int32_t)offers_below(3);
        return spot;
    default:
        spot.lat_e6 += (int32_t)offers_within(-spread, spread);
        spot.lon_e6 += (int32_t)offers_within(-spread, spread);
        return spot;
    }
}

static inline Kansen__V1__Point *
offers_point(struct offers *offers, struct geo_point place)
{
    Kansen__V1__Point *point = arena_alloc(offers->fixture.arena, sizeof *point);

    assert_non_null(point);
    kansen__v1__point__init(point);
    point->lat_e6 = place.lat_e6;
    point->lon_e6 = place.lon_e6;
    return point;
}

static inline void
offers_fill_numbers(struct offers *offers, Kansen__V1__Offer *offer)
{
    offer->seats = offers_one_in(20) ? 0 : 1 + offers_below(4);
    offer->reserved_seats = offers_one_in(3) ? offers_below(offer->seats + 1) : 0;
    if (offers_one_in(2))
        offer->reserved_until = offers_date(offers, -3, 3);
    if (offers_one_in(3))
        offer->cost_cents = 500 * offers_below(4);
    if (offers_one_in(3))
        offer->start = offers_date(offers, -20, 0);
    if (offers_one_in(3))
        offer->end = offers_date(offers, offers_one_in(4) ? 0 : 5, 20);
    if (offers_one_in(4))
        offer->deadline = offers_date(offers, -2, 20);
    if (offers_one_in(3)) {
        offer->min_age_given_case = KANSEN__V1__OFFER__MIN_AGE_GIVEN_MIN_AGE;
        offer->min_age = 10 + offers_below(8);
    }
    if (offers_one_in(3)) {
        offer->max_age_given_case = KANSEN__V1__OFFER__MAX_AGE_GIVEN_MAX_AGE;
        offer->max_age = 17 + offers_below(8);
    }
    if (offers_one_in(20))
        offer->status = offers_one_in(2) ? KANSEN__V1__OFFER_STATUS__OFFER_STATUS_PAUSED
                                         : KANSEN__V1__OFFER_STATUS__OFFER_STATUS_CLOSED;
}

static inline void
offers_fill_sets(struct offers *offers, Kansen__V1__Offer *offer)
{
    offer->n_interests = offers_texts(offers, offers_interests, OFFERS_COUNT(offers_interests), 1,
                                      offers_one_in(8) ? 8 : 2, &offer->interests);
    if (offers_one_in(2))
        offer->n_levels = offers_values(offers, 16, 8, &offer->levels);
    if (offers_one_in(2))
        offer->n_transitions = offers_values(offers, 12, 3, &offer->transitions);
    if (offers_one_in(2))
        offer->n_weekdays = offers_values(offers, 7, 4, &offer->weekdays);
    offer->n_needs = offers_values(offers, 5, 5, &offer->needs);
    if (offers_one_in(2))
        offer->n_languages =
            offers_texts(offers, offers_languages, OFFERS_COUNT(offers_languages), 1, 3, &offer->languages);
    if (offers_one_in(2))
        offer->n_funds = offers_texts(offers, offers_funds, OFFERS_COUNT(offers_funds), 1, 2, &offer->funds);
}

// A new offer at a place, in the arena until it is reset.
static inline Kansen__V1__Offer
offers_make(struct offers *offers, struct geo_point place)
{
    char *name = arena_printf(offers->fixture.arena, "o%u", ++offers->named);
    Kansen__V1__Offer offer;

    assert_non_null(name);
    offer = fixture_offer(name, offers->partners[offers_below(OFFERS_PARTNERS)], NULL);
    offer.kind = (Kansen__V1__OfferKind)(1 + offers_below(5));
    offer.position = offers_point(offers, place);
    offers_fill_numbers(offers, &offer);
    offers_fill_sets(offers, &offer);
    return offer;
}

// A new offer at a random place, or without one.
static inline Kansen__V1__Offer
offers_random(struct offers *offers)
{
    Kansen__V1__Offer offer = offers_make(offers, offers_place());

    offer.remote = offers_one_in(60);
    if (offers_one_in(8))
        offer.position = NULL;
    if (offers_one_in(8))
        offer.region = offers_municipalities[offers_below(OFFERS_COUNT(offers_municipalities))];
    return offer;
}

// Writes an offer in the open transaction, resets the arena and returns its id.
static inline uint64_t
offers_put(struct offers *offers, Kansen__V1__Offer offer)
{
    Kansen__V1__UpsertOffer upsert = KANSEN__V1__UPSERT_OFFER__INIT;
    Kansen__V1__WriteResult result;

    upsert.offer = &offer;
    result = fixture_apply(&offers->fixture, WRITE(UPSERT_OFFER, upsert_offer, &upsert));
    if (result.status != NULL)
        fail_msg("%s: %s", result.status->field, result.status->message);
    arena_reset(offers->fixture.arena);
    return result.id;
}

// Adds so many random offers in a transaction of their own.
static inline void
offers_fill(struct offers *offers, unsigned count)
{
    assert_int_equal(txn_begin(offers->fixture.write), 0);
    for (unsigned i = 0; i < count; i++)
        offers_put(offers, offers_random(offers));
    assert_int_equal(txn_commit(offers->fixture.write), 0);
}

// Offers within a few kilometres, or on one spot.
static inline void
offers_fill_crowd(struct offers *offers, unsigned count)
{
    assert_int_equal(txn_begin(offers->fixture.write), 0);
    for (unsigned i = 0; i < count; i++) {
        struct geo_point place = offers_center;

        if (i % 3 != 0) {
            place.lat_e6 += (int32_t)offers_below(60000);
            place.lon_e6 += (int32_t)offers_below(60000);
        }
        offers_put(offers, offers_make(offers, place));
    }
    assert_int_equal(txn_commit(offers->fixture.write), 0);
}

// Offers on both sides of the date line, and around both poles.
static inline void
offers_fill_ends_of_the_earth(struct offers *offers, unsigned count)
{
    assert_int_equal(txn_begin(offers->fixture.write), 0);
    for (unsigned i = 0; i < count; i++) {
        struct geo_point place = {(int32_t)offers_within(9.5e6, 10e6),
                                  180000000 - (int32_t)offers_below(500000)};

        if (i % 2 == 0)
            place.lon_e6 = -place.lon_e6;
        if (i % 5 == 0)
            place.lat_e6 = 90000000 - (int32_t)offers_below(100000);
        if (i % 10 == 0)
            place.lon_e6 = (int32_t)offers_within(-180e6, 180e6);
        if (i % 20 == 0)
            place.lat_e6 = -place.lat_e6;
        offers_put(offers, offers_make(offers, place));
    }
    assert_int_equal(txn_commit(offers->fixture.write), 0);
}

// For cmocka: the scene of a group of tests, whose dice begin at seed; and its end.
static inline int
offers_setup(void **state, unsigned seed)
{
    struct offers *offers = calloc(1, sizeof *offers);

    assert_non_null(offers);
    offers_start(offers);
    srandom(seed);
    *state = offers;
    return 0;
}

static inline int
offers_teardown(void **state)
{
    struct offers *offers = *state;

    fixture_end(&offers->fixture);
    free(offers);
    return 0;
}

#endif
