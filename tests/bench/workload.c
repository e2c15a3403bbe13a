// SPDX-License-Identifier: Apache-2.0
// Makes the workload. Partners, offers and queries each have dice of their own, so that fewer offers are the
// first of more, and the queries do not depend on how many offers there are. Invariant: every throw of the
// dice is a statement of its own, as the order in which a compiler evaluates operands is open.
// Inhabitants: CBS, rounded to thousands, for the larger municipalities; the others count as 33 thousand,
// about their mean.
#include "tests/bench/workload.h"
#include "base/date.h"
#include "tests/bench/dice.h"
#include "tests/bench/workload_seeds.h"
#include <assert.h>
#include <errno.h>
#include <kansen/v1/common.pb-c.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array)       (sizeof(array) / sizeof(array)[0])
#define FLAT_INTERESTS     256u
#define OFFERS_PER_PARTNER 25u
#define FIRST_START        20697 // 2026-09-01
#define CREBO_FIRST        25000u
#define CREBOS             900u

const char *const workload_languages[WORKLOAD_LANGUAGES] = {"nl", "en", "ar", "tr"};
const char *const workload_funds[WORKLOAD_FUNDS] = {"jeugdfonds", "stichting_leergeld"};

enum stream { STREAM_SHUFFLE, STREAM_PARTNERS, STREAM_OFFERS, STREAM_QUERIES };

// Choices by weight: sums[i] is the sum of the weights up to and with i.
struct choices {
    uint32_t count;
    uint64_t *sums;
};

struct maker {
    struct workload *made;
    struct choices towns, ranks;
    uint16_t *by_rank; // index of the interest that is wanted most, next most, ...
};

#define BIT(value)         (1u << ((value)-1))
#define LEVEL(name)        BIT(KANSEN__V1__LEVEL__LEVEL_##name)
#define TRANSITION(name)   BIT(KANSEN__V1__TRANSITION__TRANSITION_##name)
#define DAY(name)          BIT(KANSEN__V1__WEEKDAY__WEEKDAY_##name)
#define KIND(name)         KANSEN__V1__OFFER_KIND__OFFER_KIND_##name
#define PARTNER_KIND(name) KANSEN__V1__PARTNER_KIND__PARTNER_KIND_##name

static const uint16_t offer_levels[] = {
    0,
    0,
    LEVEL(MBO1) | LEVEL(MBO2),
    LEVEL(MBO2) | LEVEL(MBO3),
    LEVEL(MBO3) | LEVEL(MBO4),
    LEVEL(MBO4) | LEVEL(HBO),
    LEVEL(VMBO_BB) | LEVEL(VMBO_KB),
    LEVEL(VMBO_GL) | LEVEL(VMBO_TL) | LEVEL(HAVO),
    LEVEL(HAVO) | LEVEL(VWO),
    LEVEL(HBO) | LEVEL(WO),
    LEVEL(PRO) | LEVEL(VSO) | LEVEL(MBO1),
    LEVEL(PO),
};
static const uint16_t query_levels[] = {LEVEL(VMBO_KB), LEVEL(VMBO_TL), LEVEL(HAVO),
                                        LEVEL(MBO2),    LEVEL(MBO3),    LEVEL(MBO4)};
static const uint16_t offer_transitions[] = {0,
                                             0,
                                             0,
                                             TRANSITION(VMBO_MBO),
                                             TRANSITION(VMBO_HAVO),
                                             TRANSITION(MBO_HBO),
                                             TRANSITION(HAVO_HBO),
                                             TRANSITION(SCHOOL_WORK),
                                             TRANSITION(PO_VO)};
static const uint8_t query_transitions[] = {
    KANSEN__V1__TRANSITION__TRANSITION_VMBO_MBO, KANSEN__V1__TRANSITION__TRANSITION_VMBO_HAVO,
    KANSEN__V1__TRANSITION__TRANSITION_MBO_HBO, KANSEN__V1__TRANSITION__TRANSITION_HAVO_HBO,
    KANSEN__V1__TRANSITION__TRANSITION_SCHOOL_WORK};
static const uint32_t offer_costs[] = {0, 0, 500, 2500, 12000};
static const uint32_t query_costs[] = {0, 1000, 5000};
static const uint8_t offer_weekdays[] = {0, 0, DAY(MO) | DAY(TU) | DAY(WE), DAY(WE) | DAY(SA),
                                         DAY(TH) | DAY(FR)};
static const uint8_t query_weekdays[] = {DAY(WE), DAY(SA) | DAY(SU), DAY(MO) | DAY(TU) | DAY(TH) | DAY(FR)};

static int
choices_init(struct choices *choices, uint32_t count)
{
    choices->count = count;
    choices->sums = calloc(count != 0 ? count : 1, sizeof *choices->sums);
    return choices->sums == NULL ? -ENOMEM : 0;
}

static uint32_t
choose(const struct choices *choices, struct dice *dice)
{
    uint64_t sum = choices->sums[choices->count - 1], thrown;
    uint32_t low = 0, high = choices->count - 1;

    assert(sum != 0);
    thrown = dice_next(dice) % sum;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (thrown < choices->sums[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

// A town, and a point around its centroid, about normal with a deviation of 0.02 degrees of latitude and 0.03
// of longitude (2 km).
static uint16_t
place(const struct maker *maker, struct dice *dice, int32_t *lat_e6, int32_t *lon_e6)
{
    uint32_t index = choose(&maker->towns, dice);
    const struct workload_town *town = &maker->made->towns[index];

    *lat_e6 = town->lat_e6 + dice_normal(dice, 20000);
    *lon_e6 = town->lon_e6 + dice_normal(dice, 30000);
    return (uint16_t)index;
}

// 1..most interests, none twice.
static uint8_t
pick_interests(const struct maker *maker, struct dice *dice, uint32_t most, uint16_t *out)
{
    uint32_t wanted = 1 + dice_below(dice, most), n = 0;

    while (n < wanted) {
        uint16_t found = maker->by_rank[choose(&maker->ranks, dice)];
        uint32_t i = 0;

        while (i < n && out[i] != found)
            i++;
        if (i == n)
            out[n++] = found;
    }
    return (uint8_t)n;
}

// The kinds of partners follow from their places, so that their shares are exact: 70 % companies, 17 % sport
// clubs, 8 % cultural organisations; 37 shares no factor with 100, so each hundred has all of them.
static uint8_t
partner_kind(uint32_t index)
{
    uint32_t share = (uint32_t)((uint64_t)index * 37 % 100);

    return share < 70   ? PARTNER_KIND(COMPANY)
           : share < 87 ? PARTNER_KIND(SPORT_CLUB)
           : share < 95 ? PARTNER_KIND(CULTURAL_ORGANISATION)
           : share < 97 ? PARTNER_KIND(SCHOOL)
           : share < 98 ? PARTNER_KIND(MUNICIPALITY)
                        : PARTNER_KIND(CIVIL_SOCIETY);
}

// What a partner of that kind offers: 70 % internships, 17 % sport, 8 % culture, 3 % orientation, 2 %
// mentoring.
static uint8_t
kind_of_partner(uint8_t partner_kind)
{
    switch (partner_kind) {
    case PARTNER_KIND(COMPANY):
        return KIND(INTERNSHIP);
    case PARTNER_KIND(SPORT_CLUB):
        return KIND(SPORT);
    case PARTNER_KIND(CULTURAL_ORGANISATION):
        return KIND(CULTURE);
    case PARTNER_KIND(CIVIL_SOCIETY):
        return KIND(MENTORING);
    default:
        return KIND(ORIENTATION);
    }
}

static void
make_partner(const struct maker *maker, struct dice *dice, uint32_t index, struct workload_partner *out)
{
    out->kind = partner_kind(index);
    out->town = place(maker, dice, &out->lat_e6, &out->lon_e6);
    if (out->kind != PARTNER_KIND(COMPANY))
        return;
    out->n_accreditations = (uint8_t)dice_below(dice, WORKLOAD_ACCREDITATIONS + 1);
    // Each from a part of its own, so that none is there twice.
    for (uint32_t i = 0; i < out->n_accreditations; i++)
        out->accreditations[i] = CREBO_FIRST + i * (CREBOS / WORKLOAD_ACCREDITATIONS) +
                                 dice_below(dice, CREBOS / WORKLOAD_ACCREDITATIONS);
}

static uint8_t
pick_languages(struct dice *dice)
{
    uint32_t thrown = dice_below(dice, 100);

    return thrown < 85 ? 0 : thrown < 93 ? 1 | 2 : thrown < 97 ? 2 : thrown < 99 ? 1 | 4 : 1 | 8;
}

// What the full form adds to an offer.
static void
fill_offer(struct dice *dice, struct workload_offer *offer)
{
    static const uint8_t least_ages[] = {WORKLOAD_AGE_NONE, WORKLOAD_AGE_NONE, 12, 16};
    uint32_t status;

    offer->transitions = DICE_PICK(dice, offer_transitions);
    offer->weekdays = DICE_PICK(dice, offer_weekdays);
    offer->min_age = DICE_PICK(dice, least_ages);
    offer->start = FIRST_START + (int32_t)dice_below(dice, 300);
    offer->end = offer->start + 30 + (int32_t)dice_below(dice, 371);
    if (dice_percent(dice, 30))
        offer->deadline = offer->start - (int32_t)dice_below(dice, 30);
    if (dice_percent(dice, 15))
        offer->max_age = (uint8_t)(16 + dice_below(dice, 12));
    if (dice_percent(dice, 20))
        offer->funds = (uint8_t)(1 + dice_below(dice, (1u << WORKLOAD_FUNDS) - 1));
    for (uint32_t need = 0; need < 5; need++)
        offer->needs |= (uint8_t)(dice_percent(dice, 30) ? 1u << need : 0);
    offer->languages = pick_languages(dice);
    if (dice_percent(dice, 10)) {
        offer->reserved_seats = (uint8_t)(1 + dice_below(dice, offer->seats));
        offer->reserved_until = offer->start;
    }
    status = dice_below(dice, 100);
    offer->status = status < 95   ? KANSEN__V1__OFFER_STATUS__OFFER_STATUS_OPEN
                    : status < 98 ? KANSEN__V1__OFFER_STATUS__OFFER_STATUS_PAUSED
                                  : KANSEN__V1__OFFER_STATUS__OFFER_STATUS_CLOSED;
    offer->remote = dice_percent(dice, 1);
    if (offer->remote)
        offer->lat_e6 = offer->lon_e6 = 0;
}

static void
make_offer(const struct maker *maker, struct dice *dice, struct workload_offer *offer)
{
    const struct workload *made = maker->made;

    offer->start = offer->end = offer->deadline = offer->reserved_until = DATE_NONE;
    offer->min_age = offer->max_age = WORKLOAD_AGE_NONE;
    offer->status = KANSEN__V1__OFFER_STATUS__OFFER_STATUS_OPEN;
    offer->town = place(maker, dice, &offer->lat_e6, &offer->lon_e6);
    offer->partner = dice_below(dice, made->n_partners);
    offer->partner_kind = made->partners[offer->partner].kind;
    offer->kind = kind_of_partner(offer->partner_kind);
    offer->n_interests = pick_interests(maker, dice, WORKLOAD_OFFER_INTERESTS, offer->interests);
    offer->levels = DICE_PICK(dice, offer_levels);
    offer->seats = (uint16_t)(1 + dice_below(dice, 20));
    offer->cost_cents = DICE_PICK(dice, offer_costs);
    if (offer->kind == KIND(INTERNSHIP))
        offer->cost_cents = 0;
    offer->sentences = (uint8_t)(1 + dice_below(dice, 6));
    if (made->options.form == WORKLOAD_FULL)
        fill_offer(dice, offer);
}

// What the full form adds to a query.
static void
fill_query(const struct maker *maker, struct dice *dice, struct workload_query *query)
{
    uint16_t town = (uint16_t)choose(&maker->towns, dice);

    query->weight_proximity = 30;
    query->weight_transition = 10;
    if (dice_percent(dice, 70))
        query->transition = DICE_PICK(dice, query_transitions);
    if (dice_percent(dice, 60))
        query->age = (uint8_t)(11 + dice_below(dice, 12));
    if (dice_percent(dice, 40)) {
        query->from = WORKLOAD_TODAY + (int32_t)dice_below(dice, 120);
        query->to = query->from + 30 + (int32_t)dice_below(dice, 150);
    }
    if (dice_percent(dice, 30))
        query->weekdays = DICE_PICK(dice, query_weekdays);
    if (query->has_max_cost && dice_percent(dice, 30))
        query->funds = (uint8_t)(1 + dice_below(dice, (1u << WORKLOAD_FUNDS) - 1));
    if (dice_percent(dice, 5))
        query->needs = (uint8_t)(1u << dice_below(dice, 5));
    if (dice_percent(dice, 30))
        query->languages = (uint8_t)(1u | 1u << dice_below(dice, WORKLOAD_LANGUAGES));
    if (dice_percent(dice, 10))
        query->partner_kinds = (uint8_t)(1u << dice_below(dice, 6));
    if (dice_percent(dice, 5))
        query->qualification = CREBO_FIRST + dice_below(dice, CREBOS);
    query->referred = dice_percent(dice, 5);
    if (dice_percent(dice, 5))
        memcpy(query->region, maker->made->towns[town].code, sizeof query->region);
}

static void
make_query(const struct maker *maker, struct dice *dice, uint32_t index, struct workload_query *query)
{
    query->from = query->to = DATE_NONE;
    query->age = WORKLOAD_AGE_NONE;
    query->tie_seed = index;
    query->weight_interest = 60;
    query->weight_proximity = 40;
    (void)place(maker, dice, &query->lat_e6, &query->lon_e6);
    query->radius_m = 1000 * (5 + dice_below(dice, 36));
    query->n_interests = pick_interests(maker, dice, WORKLOAD_QUERY_INTERESTS, query->interests);
    for (uint32_t i = 0; i < query->n_interests; i++)
        query->interest_weights[i] = (uint8_t)(1 + dice_below(dice, 100));
    if (dice_percent(dice, 60)) {
        query->kinds = (uint8_t)(1u << dice_below(dice, 4));
        if (dice_percent(dice, 50))
            query->kinds |= (uint8_t)(1u << dice_below(dice, 4));
    }
    if (dice_percent(dice, 70))
        query->levels = DICE_PICK(dice, query_levels);
    if (dice_percent(dice, 40)) {
        query->has_max_cost = true;
        query->max_cost_cents = DICE_PICK(dice, query_costs);
    }
    if (maker->made->options.form == WORKLOAD_FULL)
        fill_query(maker, dice, query);
}

// Weights: inhabitants of a town; of the interests Zipf, 1 / (rank + skew), over a shuffled list.
static int
prepare(struct maker *maker)
{
    struct workload *made = maker->made;
    struct dice dice = dice_new(made->options.seed, STREAM_SHUFFLE);
    uint64_t sum = 0;

    maker->by_rank = calloc(made->n_interests, sizeof *maker->by_rank);
    if (maker->by_rank == NULL || choices_init(&maker->towns, made->n_towns) != 0 ||
        choices_init(&maker->ranks, made->n_interests) != 0)
        return -ENOMEM;
    for (uint32_t i = 0; i < made->n_towns; i++)
        maker->towns.sums[i] = sum += made->towns[i].weight;
    sum = 0;
    for (uint32_t i = 0; i < made->n_interests; i++)
        maker->ranks.sums[i] = sum += (UINT64_C(1) << 32) / (i + UINT64_C(1) + made->options.skew);
    for (uint32_t i = 0; i < made->n_interests; i++) {
        uint32_t other = dice_below(&dice, i + 1);

        maker->by_rank[i] = maker->by_rank[other];
        maker->by_rank[other] = (uint16_t)i;
    }
    return 0;
}

static int
make_all(struct maker *maker)
{
    struct workload *made = maker->made;
    uint32_t offers = made->options.offers, queries = made->options.queries;
    struct dice dice = dice_new(made->options.seed, STREAM_PARTNERS);
    int r = prepare(maker);

    made->n_partners = offers < OFFERS_PER_PARTNER ? 1 : offers / OFFERS_PER_PARTNER;
    made->partners = calloc(made->n_partners, sizeof *made->partners);
    made->offers = calloc(offers + (size_t)1, sizeof *made->offers);
    made->queries = calloc(queries + (size_t)1, sizeof *made->queries);
    if (r != 0 || made->partners == NULL || made->offers == NULL || made->queries == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < made->n_partners; i++)
        make_partner(maker, &dice, i, &made->partners[i]);
    dice = dice_new(made->options.seed, STREAM_OFFERS);
    for (uint32_t i = 0; i < offers; i++)
        make_offer(maker, &dice, &made->offers[i]);
    dice = dice_new(made->options.seed, STREAM_QUERIES);
    for (uint32_t i = 0; i < queries; i++)
        make_query(maker, &dice, i, &made->queries[i]);
    return 0;
}

int
workload_make(const struct workload_options *options, struct workload **out)
{
    struct maker maker = {.made = calloc(1, sizeof *maker.made)};
    int r;

    if (maker.made == NULL)
        return -ENOMEM;
    maker.made->options = *options;
    maker.made->options.seeds_dir = NULL;
    r = workload_seeds_towns(options->seeds_dir, maker.made);
    if (r == 0)
        r = options->form == WORKLOAD_FLAT ? workload_seeds_flat(FLAT_INTERESTS, maker.made)
                                           : workload_seeds_interests(options->seeds_dir, maker.made);
    if (r == 0)
        r = make_all(&maker);
    free(maker.towns.sums);
    free(maker.ranks.sums);
    free(maker.by_rank);
    if (r != 0)
        workload_free(maker.made);
    else
        *out = maker.made;
    return r;
}

void
workload_free(struct workload *workload)
{
    if (workload == NULL)
        return;
    free(workload->towns);
    free(workload->interests);
    free(workload->partners);
    free(workload->offers);
    free(workload->queries);
    free(workload);
}
