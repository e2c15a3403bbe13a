// SPDX-License-Identifier: Apache-2.0
// One table of checks, in the order of MATCHING. A check returns 1 if it fails, 0 if it does not, or a store
// fault. Masks of the query and the row have bit n - 1 for enum value n, so two sets share something if their
// AND is not 0.
#include "match/eligible.h"
#include "base/date.h"
#include "match/accredited.h"
#include "store/store.h"

uint32_t
eligible_seats_free(const struct query *query, const struct offer_row *row)
{
    return offer_row_free(row, query->referred, query->as_of);
}

static bool
mask_has(uint32_t mask, unsigned value)
{
    return value != 0 && value <= 32 && (mask >> (value - 1) & 1) != 0;
}

static bool
numbers_meet(const uint16_t *a, size_t n_a, const uint16_t *b, size_t n_b)
{
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b && b[j] != 0; j++)
            if (a[i] == b[j])
                return true;
    return false;
}

static int
not_open(const struct eligible *e, struct candidate *c)
{
    (void)e;
    return (c->row.flags & OFFER_ROW_LIVE) == 0;
}

static int
deadline_passed(const struct eligible *e, struct candidate *c)
{
    return c->row.deadline != DATE_NONE && c->row.deadline < e->query->as_of;
}

static int
ended(const struct eligible *e, struct candidate *c)
{
    return c->row.end != DATE_NONE && c->row.end < e->query->as_of;
}

static int
no_seat(const struct eligible *e, struct candidate *c)
{
    return eligible_seats_free(e->query, &c->row) == 0;
}

static int
kind(const struct eligible *e, struct candidate *c)
{
    return e->query->kinds != 0 && !mask_has(e->query->kinds, c->row.kind);
}

static int
partner_kind(const struct eligible *e, struct candidate *c)
{
    return e->query->partner_kinds != 0 && !mask_has(e->query->partner_kinds, c->row.partner_kind);
}

static int
level(const struct eligible *e, struct candidate *c)
{
    return e->query->levels != 0 && c->row.levels != 0 && (e->query->levels & c->row.levels) == 0;
}

static int
accreditation(const struct eligible *e, struct candidate *c)
{
    bool answer;
    int r;

    if (e->accredited == NULL || c->row.kind != KANSEN__V1__OFFER_KIND__OFFER_KIND_INTERNSHIP)
        return 0;
    r = accredited_ask(e->accredited, c->row.partner_id, &answer);
    return r != 0 ? r : !answer;
}

static int
age(const struct eligible *e, struct candidate *c)
{
    uint32_t years = e->query->age;

    return years != QUERY_AGE_NONE && (years < c->row.min_age || years > c->row.max_age);
}

static int
period(const struct eligible *e, struct candidate *c)
{
    bool starts_later = c->row.start != DATE_NONE && c->row.start > e->query->to;
    bool ends_before = c->row.end != DATE_NONE && c->row.end < e->query->from;

    return starts_later || ends_before;
}

static int
weekdays(const struct eligible *e, struct candidate *c)
{
    uint32_t wanted = e->query->weekdays, offered = c->row.weekdays;

    return wanted != 0 && offered != 0 && (wanted & offered) == 0;
}

static int
cost(const struct eligible *e, struct candidate *c)
{
    const struct query *query = e->query;

    return query->has_max_cost && c->row.cost_cents > query->max_cost_cents &&
           !numbers_meet(query->funds, query->n_funds, c->row.funds, OFFER_FUNDS_MAX);
}

static int
needs(const struct eligible *e, struct candidate *c)
{
    return (e->query->needs & ~(uint32_t)c->row.needs) != 0;
}

static int
language(const struct eligible *e, struct candidate *c)
{
    const struct query *query = e->query;

    return query->n_languages != 0 &&
           !numbers_meet(query->languages, query->n_languages, c->row.languages, OFFER_LANGUAGES_MAX);
}

static int
region(const struct eligible *e, struct candidate *c)
{
    const struct query *query = e->query;
    uint32_t municipality = c->row.municipality;

    return query->covered != NULL && (municipality >= query->n_regions || !query->covered[municipality]);
}

static int
distance(const struct eligible *e, struct candidate *c)
{
    const struct query *query = e->query;

    return query->radius_m != 0 && score_has_distance(&c->row) && score_distance(query, c) > query->radius_m;
}

static int
interest(const struct eligible *e, struct candidate *c)
{
    return e->query->n_wanted != 0 && score_interest(e->query, c) == 0;
}

#define REASON(name) KANSEN__V1__REASON__REASON_##name

static const struct check {
    Kansen__V1__Reason reason;
    int (*fails)(const struct eligible *eligible, struct candidate *candidate);
} checks[] = {
    {REASON(OFFER_NOT_OPEN), not_open},
    {REASON(DEADLINE_PASSED), deadline_passed},
    {REASON(ENDED), ended},
    {REASON(NO_SEAT), no_seat},
    {REASON(KIND), kind},
    {REASON(PARTNER_KIND), partner_kind},
    {REASON(LEVEL), level},
    {REASON(ACCREDITATION), accreditation},
    {REASON(AGE), age},
    {REASON(PERIOD), period},
    {REASON(WEEKDAYS), weekdays},
    {REASON(COST), cost},
    {REASON(NEEDS), needs},
    {REASON(LANGUAGE), language},
    {REASON(REGION), region},
    {REASON(DISTANCE), distance},
    {REASON(INTEREST), interest}, // last, so that who fails it fails nothing else (discoveries rest on that)
};

int
eligible_init(struct eligible *eligible, struct txn *txn, const struct query *query, struct arena *arena)
{
    *eligible = (struct eligible){.query = query};
    if (query->qualification == 0)
        return 0;
    eligible->accredited = accredited_new(txn, arena, query->qualification, query->as_of);
    return eligible->accredited == NULL ? STORE_FAULT_MEMORY : 0;
}

int
eligible_check(const struct eligible *eligible, struct candidate *candidate, Kansen__V1__Reason *reason)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        int r = checks[i].fails(eligible, candidate);

        if (r < 0)
            return r;
        if (r != 0) {
            *reason = checks[i].reason;
            return 0;
        }
    }
    *reason = REASON(UNSPECIFIED);
    return 0;
}
