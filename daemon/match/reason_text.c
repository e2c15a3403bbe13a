// SPDX-License-Identifier: Apache-2.0
// One writer per reason, in a table by reason. Each fills both lines; an empty list reads as "any" or "none".
#include "match/reason_text.h"
#include "base/date.h"
#include "match/eligible.h"
#include "match/line.h"
#include "proto/names.h"
#include "store/catalog.h"
#include "store/store.h"

// ---- Pieces

// The words of a list of enum values, or otherwise if it is empty.
static void
add_words(struct line *line, const struct names *names, const void *values, size_t count,
          const char *otherwise)
{
    const int *numbers = values; // protobuf-c's enums have the size of an int

    for (size_t i = 0; i < count; i++) {
        const char *word = names_text(names, numbers[i]);

        line_item(line, word == NULL ? "?" : word);
    }
    if (count == 0)
        line_item(line, otherwise);
}

static void
add_texts(struct line *line, char *const *texts, size_t count, const char *otherwise)
{
    for (size_t i = 0; i < count; i++)
        line_item(line, texts[i]);
    if (count == 0)
        line_item(line, otherwise);
}

static void
add_date(struct line *line, const char *before, int32_t date)
{
    char text[DATE_TEXT_MAX];

    line_add(line, "%s%s", before, date_format(date, text));
}

// A period of dates as text, each may be empty.
static void
add_period(struct line *line, const char *first, const char *last)
{
    if (first[0] == '\0' && last[0] == '\0')
        line_add(line, "any time");
    else if (last[0] == '\0')
        line_add(line, "from %s", first);
    else if (first[0] == '\0')
        line_add(line, "until %s", last);
    else
        line_add(line, "%s to %s", first, last);
}

static void
add_euros(struct line *line, uint32_t cents)
{
    line_add(line, "EUR %u.%02u", (unsigned)(cents / 100), (unsigned)(cents % 100));
}

static void
add_region(struct line *line, const struct region *region)
{
    if (region == NULL)
        line_add(line, "no municipality");
    else
        line_add(line, "%s (%s)", region->name, region->code);
}

// ---- Reasons

typedef void (*writer)(const struct reason_text_about *about, struct line *wanted, struct line *offered);

static void
not_open(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    const char *offer = names_text(&names_offer_status, (int)about->offer->offer->status);
    const char *partner = names_text(&names_partner_status, (int)about->offer->partner->status);

    line_add(wanted, "an open offer of an active partner");
    line_add(offered, "offer %s, partner %s", offer == NULL ? "?" : offer, partner == NULL ? "?" : partner);
}

static void
deadline(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_date(wanted, "a deadline not before ", about->query->as_of);
    add_date(offered, "deadline ", about->offer->candidate.row.deadline);
}

static void
ended(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_date(wanted, "an end not before ", about->query->as_of);
    add_date(offered, "ended ", about->offer->candidate.row.end);
}

static void
seat(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    const struct offer_row *row = &about->offer->candidate.row;

    line_add(wanted, about->query->referred ? "a free seat, referred by the school" : "a free seat");
    line_add(offered, "%u free: %u of %u seats taken", (unsigned)eligible_seats_free(about->query, row),
             (unsigned)row->seats_taken, (unsigned)row->seats);
    if (row->reserved == 0)
        return;
    line_add(offered, ", %u held for referred students, %u of them taken", (unsigned)row->reserved,
             (unsigned)row->taken_referred);
    if (row->reserved_until != DATE_NONE)
        add_date(offered, ", until ", row->reserved_until);
}

static void
kind(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_words(wanted, &names_offer_kind, about->wire->kinds, about->wire->n_kinds, "any");
    add_words(offered, &names_offer_kind, &about->offer->offer->kind, 1, "");
}

static void
partner_kind(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_words(wanted, &names_partner_kind, about->wire->partner_kinds, about->wire->n_partner_kinds, "any");
    add_words(offered, &names_partner_kind, &about->offer->partner->kind, 1, "");
}

static void
level(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_words(wanted, &names_level, about->wire->levels, about->wire->n_levels, "any");
    add_words(offered, &names_level, about->offer->offer->levels, about->offer->offer->n_levels, "any");
}

static void
accreditation(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    const Kansen__V1__Partner *partner = about->offer->partner;
    bool found = false;

    line_add(wanted, "a partner accredited for %u", (unsigned)about->query->qualification);
    add_date(wanted, " on ", about->query->as_of);
    for (size_t i = 0; i < partner->n_accreditations; i++) {
        const Kansen__V1__Accreditation *accredited = partner->accreditations[i];

        if (accredited->crebo != about->query->qualification)
            continue;
        line_add(offered, found ? "; " : "accredited ");
        add_period(offered, accredited->first_day, accredited->last_day);
        found = true;
    }
    if (!found)
        line_add(offered, "not accredited for it");
}

static void
age(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    const Kansen__V1__Offer *offer = about->offer->offer;
    bool has_min = offer->min_age_given_case == KANSEN__V1__OFFER__MIN_AGE_GIVEN_MIN_AGE;
    bool has_max = offer->max_age_given_case == KANSEN__V1__OFFER__MAX_AGE_GIVEN_MAX_AGE;

    line_add(wanted, "age %u", (unsigned)about->query->age);
    if (has_min && has_max)
        line_add(offered, "ages %u to %u", (unsigned)offer->min_age, (unsigned)offer->max_age);
    else if (has_min)
        line_add(offered, "age %u or older", (unsigned)offer->min_age);
    else if (has_max)
        line_add(offered, "age %u or younger", (unsigned)offer->max_age);
}

static void
period(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_period(wanted, about->wire->from_date, about->wire->to_date);
    add_period(offered, about->offer->offer->start, about->offer->offer->end);
}

static void
weekdays(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_words(wanted, &names_weekday, about->wire->weekdays, about->wire->n_weekdays, "any");
    add_words(offered, &names_weekday, about->offer->offer->weekdays, about->offer->offer->n_weekdays, "any");
}

static void
cost(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    const Kansen__V1__Offer *offer = about->offer->offer;

    line_add(wanted, "at most ");
    add_euros(wanted, about->query->max_cost_cents);
    if (about->wire->n_funds > 0)
        line_add(wanted, ", or paid by ");
    for (size_t i = 0; i < about->wire->n_funds; i++)
        line_add(wanted, "%s%s", i == 0 ? "" : " or ", about->wire->funds[i]);
    add_euros(offered, offer->cost_cents);
    line_add(offered, ", funds accepted: %s", offer->n_funds == 0 ? "none" : "");
    for (size_t i = 0; i < offer->n_funds; i++)
        line_add(offered, "%s%s", i == 0 ? "" : " ", offer->funds[i]);
}

static void
needs(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_words(wanted, &names_need, about->wire->needs, about->wire->n_needs, "none");
    add_words(offered, &names_need, about->offer->offer->needs, about->offer->offer->n_needs, "none");
}

static void
language(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_texts(wanted, about->wire->languages, about->wire->n_languages, "any");
    add_texts(offered, about->offer->offer->languages, about->offer->offer->n_languages, "nl");
}

static void
region(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    add_region(wanted, about->query->region);
    add_region(offered, catalog_region(about->catalog, about->offer->candidate.row.municipality));
}

static void
distance(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    line_add(wanted, "at most %u m", (unsigned)about->query->radius_m);
    line_add(offered, "%u m", (unsigned)score_distance(about->query, &about->offer->candidate));
}

static void
interest(const struct reason_text_about *about, struct line *wanted, struct line *offered)
{
    for (size_t i = 0; i < about->wire->n_interests; i++)
        line_item(wanted, about->wire->interests[i]->code);
    add_texts(offered, about->offer->offer->interests, about->offer->offer->n_interests, "none");
}

#define REASON(name) KANSEN__V1__REASON__REASON_##name

static const writer writers[] = {
    [REASON(OFFER_NOT_OPEN)] = not_open,
    [REASON(DEADLINE_PASSED)] = deadline,
    [REASON(ENDED)] = ended,
    [REASON(NO_SEAT)] = seat,
    [REASON(KIND)] = kind,
    [REASON(PARTNER_KIND)] = partner_kind,
    [REASON(LEVEL)] = level,
    [REASON(ACCREDITATION)] = accreditation,
    [REASON(AGE)] = age,
    [REASON(PERIOD)] = period,
    [REASON(WEEKDAYS)] = weekdays,
    [REASON(COST)] = cost,
    [REASON(NEEDS)] = needs,
    [REASON(LANGUAGE)] = language,
    [REASON(REGION)] = region,
    [REASON(DISTANCE)] = distance,
    [REASON(INTEREST)] = interest,
};

int
reason_text(const struct reason_text_about *about, Kansen__V1__Reason reason, struct arena *arena,
            char **wanted, char **offered)
{
    struct line wanted_line, offered_line;

    line_start(&wanted_line);
    line_start(&offered_line);
    writers[reason](about, &wanted_line, &offered_line);
    *wanted = arena_strdup(arena, wanted_line.text);
    *offered = arena_strdup(arena, offered_line.text);
    return *wanted == NULL || *offered == NULL ? STORE_FAULT_MEMORY : 0;
}
