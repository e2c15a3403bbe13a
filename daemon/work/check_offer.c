// SPDX-License-Identifier: Apache-2.0
// Field by field, the similar ones through tables.
#include "work/check_offer.h"
#include "base/date.h"
#include "store/catalog.h"
#include "store/offer_row.h"
#include "work/valid.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct text_field {
    const char *name;
    size_t offset;
    struct valid_text rule;
} texts[] = {
    {"title", offsetof(Kansen__V1__Offer, title), {.least = 1, .most = 200}},
    {"description", offsetof(Kansen__V1__Offer, description), {.most = 4000, .lines = true}},
    {"address", offsetof(Kansen__V1__Offer, address), {.most = 300}},
};

static const struct number_field {
    const char *name;
    size_t offset;
    uint32_t most;
} numbers[] = {
    {"seats", offsetof(Kansen__V1__Offer, seats), UINT16_MAX},
    {"cost_cents", offsetof(Kansen__V1__Offer, cost_cents), VALID_CENTS_MAX},
    {"hours_per_week", offsetof(Kansen__V1__Offer, hours_per_week), 60},
    {"allowance_cents", offsetof(Kansen__V1__Offer, allowance_cents), VALID_CENTS_MAX},
    {"min_age", offsetof(Kansen__V1__Offer, min_age), VALID_AGE_MAX},
    {"max_age", offsetof(Kansen__V1__Offer, max_age), VALID_AGE_MAX},
};

static const struct set_field {
    const char *name;
    size_t count_offset, values_offset;
    const struct names *names;
} sets[] = {
    {"levels", offsetof(Kansen__V1__Offer, n_levels), offsetof(Kansen__V1__Offer, levels), &names_level},
    {"transitions", offsetof(Kansen__V1__Offer, n_transitions), offsetof(Kansen__V1__Offer, transitions),
     &names_transition},
    {"weekdays", offsetof(Kansen__V1__Offer, n_weekdays), offsetof(Kansen__V1__Offer, weekdays),
     &names_weekday},
    {"needs", offsetof(Kansen__V1__Offer, n_needs), offsetof(Kansen__V1__Offer, needs), &names_need},
};

// A field of the message at an offset, as the tables above name them.
#define FIELD(type, message, offset) (*(type const *)(const void *)((const char *)(message) + (offset)))

static int
check_words(struct fault *fault, const Kansen__V1__Offer *offer)
{
    int rc = valid_external_id(fault, "offer", "external_id", offer->external_id);

    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && rc == 0; i++)
        rc = valid_text(fault, "offer", texts[i].name, FIELD(char *, offer, texts[i].offset), texts[i].rule);
    if (rc == 0 && strlen(offer->description) > 4000)
        rc = fault_set(fault, CODE_INVALID_ARGUMENT, "offer.description",
                       "description has %zu bytes; at most 4000 are allowed", strlen(offer->description));
    if (rc == 0)
        rc = valid_url(fault, "offer", "url", offer->url);
    return rc;
}

static int
check_numbers(struct fault *fault, const Kansen__V1__Offer *offer)
{
    int rc = 0;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && rc == 0; i++)
        rc = valid_number(fault, "offer", numbers[i].name, FIELD(uint32_t, offer, numbers[i].offset), 0,
                          numbers[i].most);
    if (rc == 0 && offer->reserved_seats > offer->seats)
        rc = fault_set(fault, CODE_INVALID_ARGUMENT, "offer.reserved_seats",
                       "reserved_seats is %u, but there are %u seats; allowed are 0 to %u",
                       offer->reserved_seats, offer->seats, offer->seats);
    if (rc == 0 && offer->min_age_given_case == KANSEN__V1__OFFER__MIN_AGE_GIVEN_MIN_AGE &&
        offer->max_age_given_case == KANSEN__V1__OFFER__MAX_AGE_GIVEN_MAX_AGE &&
        offer->min_age > offer->max_age)
        rc = fault_set(fault, CODE_INVALID_ARGUMENT, "offer.max_age", "max_age %u is below min_age %u",
                       offer->max_age, offer->min_age);
    return rc;
}

static int
check_dates(struct fault *fault, const Kansen__V1__Offer *offer)
{
    int32_t start, end, other;
    int rc = valid_date(fault, "offer", "start", offer->start, &start);

    if (rc == 0)
        rc = valid_date(fault, "offer", "end", offer->end, &end);
    if (rc == 0)
        rc = valid_date(fault, "offer", "deadline", offer->deadline, &other);
    if (rc == 0)
        rc = valid_date(fault, "offer", "reserved_until", offer->reserved_until, &other);
    if (rc == 0)
        rc = valid_date(fault, "offer", "collect_until", offer->collect_until, &other);
    if (rc == 0 && start != DATE_NONE && end != DATE_NONE && end < start)
        rc = fault_set(fault, CODE_INVALID_ARGUMENT, "offer.end", "end %s is before start %s", offer->end,
                       offer->start);
    return rc;
}

static int
check_sets(struct fault *fault, const Kansen__V1__Offer *offer)
{
    int rc = valid_enum(fault, "offer", "kind", (int)offer->kind, &names_offer_kind, false);

    if (rc == 0)
        rc = valid_enum(fault, "offer", "status", (int)offer->status, &names_offer_status, true);
    if (rc == 0)
        rc = valid_enum(fault, "offer", "track", (int)offer->track, &names_track, true);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0] && rc == 0; i++) {
        const struct set_field *set = &sets[i];
        size_t count = FIELD(size_t, offer, set->count_offset);

        rc = valid_count(fault, "offer", set->name, count, set->names->count);
        if (rc == 0)
            rc = valid_enums(fault, "offer", set->name, FIELD(int *, offer, set->values_offset), count,
                             set->names);
    }
    return rc;
}

static int
check_codes(struct fault *fault, const char *name, char *const *codes, size_t count, size_t most,
            int (*check)(struct fault *, const char *, const char *, const char *))
{
    int rc = valid_count(fault, "offer", name, count, most);

    for (size_t i = 0; i < count && rc == 0; i++) {
        char indexed[FAULT_FIELD_MAX];

        if (check(fault, "offer", name, codes[i]) == 0)
            continue;
        snprintf(indexed, sizeof indexed, "%s[%zu]", name, i); // only for the message
        rc = check(fault, "offer", indexed, codes[i]);
    }
    return rc;
}

static int
refuse_interest(struct fault *fault, const Kansen__V1__Offer *offer, size_t place, const char *why)
{
    char field[FAULT_FIELD_MAX];

    snprintf(field, sizeof field, "offer.interests[%zu]", place);
    return fault_set(fault, CODE_INVALID_ARGUMENT, field, "'%.60s' is %s", offer->interests[place], why);
}

static int
check_interests(struct fault *fault, const struct catalog *catalog, const Kansen__V1__Offer *offer)
{
    int rc = valid_count(fault, "offer", "interests", offer->n_interests, OFFER_INTERESTS_MAX);

    if (rc == 0 && offer->n_interests == 0)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "offer.interests",
                         "interests is empty; an offer has 1 to %u interest codes", OFFER_INTERESTS_MAX);
    for (size_t i = 0; i < offer->n_interests && rc == 0; i++) {
        if (catalog_interest_named(catalog, offer->interests[i]) == NULL)
            return refuse_interest(fault, offer, i,
                                   "no known interest; look codes up by what people call it");
        for (size_t j = 0; j < i; j++)
            if (strcmp(offer->interests[i], offer->interests[j]) == 0)
                return refuse_interest(fault, offer, i, "given twice");
    }
    return rc;
}

static int
check_place(struct fault *fault, const struct catalog *catalog, const Kansen__V1__Offer *offer,
            const Kansen__V1__Partner *partner)
{
    const struct region *region;
    int rc = valid_point(fault, "offer", "position", offer->position);

    if (rc != 0)
        return rc;
    if (offer->region[0] != '\0') {
        region = catalog_region_named(catalog, offer->region);
        if (region == NULL)
            return fault_set(fault, CODE_INVALID_ARGUMENT, "offer.region",
                             "'%.60s' is no known region; look codes up by name", offer->region);
        if (region->municipality == 0)
            return fault_set(fault, CODE_INVALID_ARGUMENT, "offer.region",
                             "'%.60s' (%s) is no municipality or place", offer->region, region->name);
        return 0;
    }
    if (offer->remote || offer->position != NULL || partner->position != NULL || partner->region[0] != '\0')
        return 0;
    return fault_set(
        fault, CODE_INVALID_ARGUMENT, "offer.position",
        "neither the offer nor its partner has a position or a region; give one, or make it remote");
}

int
check_offer(struct change *change, const Kansen__V1__Offer *offer, const Kansen__V1__Partner *partner)
{
    struct fault *fault = change->fault;
    const struct catalog *catalog = NULL;
    int rc = check_words(fault, offer);

    if (rc == 0)
        rc = check_sets(fault, offer);
    if (rc == 0)
        rc = check_numbers(fault, offer);
    if (rc == 0)
        rc = check_dates(fault, offer);
    if (rc == 0)
        rc = check_codes(fault, "funds", offer->funds, offer->n_funds, OFFER_FUNDS_MAX, valid_fund);
    if (rc == 0)
        rc = check_codes(fault, "languages", offer->languages, offer->n_languages, OFFER_LANGUAGES_MAX,
                         valid_language);
    if (rc == 0)
        rc = txn_catalog(change->txn, &catalog);
    if (rc == 0)
        rc = check_interests(fault, catalog, offer);
    return rc == 0 ? check_place(fault, catalog, offer, partner) : rc;
}
