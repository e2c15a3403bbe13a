// SPDX-License-Identifier: Apache-2.0
// Queries from flags: each flag names a member, whose type says how its text is read.
#include "client/cli/query.h"
#include "client/cli/query_member.h"
#include "proto/decimal.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_MAX (16u << 20) // bytes of one query, far above what a frame holds

// What a flag sets.
struct spec {
    const char *key;
    unsigned scale;      // of a number: the member counts 10^-scale of what the flag is given in
    const char *allowed; // with a scale: for messages
};

int
query_init(struct query *query)
{
    kansen__v1__query__init(&query->message);
    query->arena = arena_new(MEMORY_MAX);
    return query->arena != NULL ? 0 : -ENOMEM;
}

void
query_free(struct query *query)
{
    arena_free(query->arena);
    query->arena = NULL;
}

// Cuts the next item off a list joined by ',', without spaces around it; NULL at its end.
static char *
next_item(char **list)
{
    char *item = *list, *end, *next;

    if (item == NULL)
        return NULL;
    end = item + strcspn(item, ",");
    next = *end != '\0' ? end + 1 : NULL;
    while (*item == ' ')
        item++;
    while (end > item && end[-1] == ' ')
        end--;
    *end = '\0';
    *list = next;
    return item;
}

static size_t
count_items(const char *list)
{
    size_t count = 1;

    for (; *list != '\0'; list++)
        count += *list == ',';
    return count;
}

static int
read_decimal(const char *text, unsigned scale, const char *allowed, int64_t *out, struct column_message *bad)
{
    size_t len = strlen(text);
    bool whole = text[0] != '\0' && strspn(text + (text[0] == '-'), "0123456789") == len - (text[0] == '-');

    if ((scale > 0 || whole) && decimal_parse(text, len, scale, 0, out) == 0)
        return 0;
    return column_bad(bad, text, len, allowed != NULL ? allowed : "a whole number");
}

static int
set_point(struct query *query, const struct query_member *member, char *text, struct column_message *bad)
{
    int64_t lat_e6, lon_e6;
    char *lat, *lon;

    if (count_items(text) != 2)
        return column_bad(bad, text, strlen(text), "LAT,LON in degrees, as in 51.9194,4.3883");
    lat = next_item(&text);
    lon = next_item(&text);
    if (read_decimal(lat, 6, "a latitude in degrees, -90 to 90", &lat_e6, bad) != 0 ||
        read_decimal(lon, 6, "a longitude in degrees, -180 to 180", &lon_e6, bad) != 0)
        return COLUMN_E_BAD;
    return query_member_set_point(query, member, lat_e6, lon_e6, bad);
}

static int
set_weights(struct query *query, const struct query_member *member, char *text, struct column_message *bad)
{
    int64_t weights[3] = {0};

    if (count_items(text) != 3)
        return column_bad(bad, text, strlen(text), "INTEREST,PROXIMITY,TRANSITION, each 0 to 100");
    for (int i = 0; i < 3; i++)
        if (read_decimal(next_item(&text), 0, "a whole number, 0 to 100", &weights[i], bad) != 0)
            return COLUMN_E_BAD;
    return query_member_set_weights(query, member, weights, bad);
}

static int
set_interests(struct query *query, const struct query_member *member, char *text, struct column_message *bad)
{
    for (char *item = next_item(&text); item != NULL; item = next_item(&text)) {
        char *colon = strchr(item, ':');
        int64_t weight = QUERY_WEIGHT;
        int result;

        if (item[0] == '\0' || item == colon)
            return column_bad(bad, item, strlen(item), "CODE or CODE:WEIGHT, joined by ','");
        if (colon != NULL && read_decimal(colon + 1, 0, "a weight, 1 to 100", &weight, bad) != 0)
            return COLUMN_E_BAD;
        if (colon != NULL)
            *colon = '\0';
        result = query_member_add_interest(query, member, item, weight, bad);
        if (result != 0)
            return result;
    }
    return 0;
}

static int
set_list(struct query *query, const struct query_member *member, char *text, struct column_message *bad)
{
    for (char *item = next_item(&text); item != NULL; item = next_item(&text)) {
        int result = item[0] != '\0' ? query_member_add_text(query, member, item, bad)
                                     : column_bad(bad, item, 0, "items joined by ',', none of them empty");

        if (result != 0)
            return result;
    }
    return 0;
}

// Whether text has a decimal other than 0 beyond the first scale ones.
static bool
is_too_fine(const char *text, unsigned scale)
{
    const char *point = strchr(text, '.');

    return point != NULL && strlen(point + 1) > scale &&
           strspn(point + 1 + scale, "0") < strlen(point + 1 + scale);
}

static int
set_number(struct query *query, const struct query_member *member, const struct spec *spec, const char *text,
           struct column_message *bad)
{
    int64_t value = 0;

    if (read_decimal(text, spec->scale, spec->scale > 0 ? spec->allowed : member->allowed, &value, bad) != 0)
        return COLUMN_E_BAD;
    if (spec->scale > 0 && (value < 0 || value > UINT32_MAX || is_too_fine(text, spec->scale)))
        return column_bad(bad, text, strlen(text), spec->allowed);
    return query_member_set_number(query, member, value, bad);
}

// Sets the member that the flag names. text is a copy that may be cut.
static int
set_member(struct query *query, const struct spec *spec, char *text, struct column_message *bad)
{
    const struct query_member *member = query_member_named(spec->key);

    switch (member->type) {
    case QUERY_POINT:
        return set_point(query, member, text, bad);
    case QUERY_NUMBER:
        return set_number(query, member, spec, text, bad);
    case QUERY_FLAG:
        query_member_set_flag(query, member, true);
        return 0;
    case QUERY_WORDS:
    case QUERY_TEXTS:
        return set_list(query, member, text, bad);
    case QUERY_INTERESTS:
        return set_interests(query, member, text, bad);
    case QUERY_WEIGHTS:
        return set_weights(query, member, text, bad);
    case QUERY_SEED:
        return query_member_set_seed(query, member, text, bad);
    case QUERY_ORIGIN:
    case QUERY_TEXT:
    case QUERY_WORD:
    case QUERY_CURSOR:
        break;
    }
    return query_member_add_text(query, member, text, bad);
}

static int
set(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    struct query *query = target;
    char *copy = arena_strdup(query->arena, text != NULL ? text : "");
    int result = copy != NULL ? set_member(query, flag->data, copy, bad) : -ENOMEM;

    if (result < 0)
        snprintf(bad->text, sizeof bad->text, "out of memory");
    return result != 0 ? COLUMN_E_BAD : 0;
}

#define MEMBER(flag, value, key, help)                                                                       \
    {                                                                                                        \
        flag, value, help, set, &(const struct spec){key, 0, NULL}, 0                                        \
    }
#define SCALED(flag, value, key, scale, allowed, help)                                                       \
    {                                                                                                        \
        flag, value, help, set, &(const struct spec){key, scale, allowed}, 0                                 \
    }

const struct flag query_flags[] = {
    MEMBER("at", "LAT,LON", "at", "origin: a point in degrees"),
    MEMBER("from", "REGION", "from", "origin: the centroid of a region, by code"),
    MEMBER("postcode", "DDDD", "postcode", "origin: the centroid of a postcode"),
    MEMBER("region", "CODE", "region", "only offers in this region"),
    SCALED("radius-km", "KM", "radius_m", 3, "kilometres with at most 3 decimals, 0 to 500",
           "greatest distance (25); 0 = any, with --region"),
    MEMBER("kind", "A,B", "kinds", "kinds of offers (all)"),
    MEMBER("partner-kind", "A,B", "partner_kinds", "kinds of partners (all)"),
    MEMBER("interest", "CODE[:W],..", "interests", "interests with weights 1 to 100 (10)"),
    MEMBER("level", "A,B", "levels", "levels of the student, at most 4"),
    MEMBER("qualification", "CREBO", "qualification", "vocational qualification, five digits"),
    MEMBER("transition", "WORD", "transition", "the transition that the student is at"),
    MEMBER("age", "YEARS", "age", "age of the student"),
    MEMBER("from-date", "DATE", "from_date", "first day that the student can"),
    MEMBER("to-date", "DATE", "to_date", "last day that the student can"),
    MEMBER("weekdays", "MO,WE", "weekdays", "days of the week that the student can"),
    SCALED("max-cost", "EUR", "max_cost_cents", 2, "euros with at most 2 decimals, 0 to 1,000,000",
           "most that the student can pay"),
    MEMBER("fund", "A,B", "funds", "funds that would pay for the student"),
    MEMBER("needs", "A,B", "needs", "provisions that the student needs"),
    MEMBER("language", "NL,AR", "languages", "languages that the student speaks"),
    MEMBER("referred", NULL, "referred", "the school refers this student"),
    MEMBER("limit", "N", "limit", "matches a page, 1 to 100 (20)"),
    MEMBER("max-per-partner", "N", "max_per_partner", "most offers of one partner a page"),
    MEMBER("seed", "N", "tie_seed", "shuffles equal scores; one per student"),
    MEMBER("weights", "I,P,T", "weights", "of interest, proximity, transition (60,30,10)"),
    MEMBER("as-of", "DATE", "as_of", "the date that counts as today"),
    MEMBER("cursor", "C", "cursor", "continue behind an earlier page"),
    MEMBER("discover", "N", "discover", "also show N offers outside the interests, 0 to 5"),
    MEMBER("total", NULL, "want_total", "count all matches"),
    MEMBER("facets", NULL, "facets", "count them by kind, partner kind, interest, place"),
    {0},
};

const char *
query_flag_of(const struct query_member *member)
{
    const struct flag *flag = query_flags;

    while (strcmp(((const struct spec *)flag->data)->key, member->key) != 0) {
        flag++;
        assert(flag->name != NULL);
    }
    return flag->name;
}

const struct names *
query_flag_names(const struct flag *flag, bool *list)
{
    const struct query_member *member =
        flag->set == set ? query_member_named(((const struct spec *)flag->data)->key) : NULL;

    *list = member != NULL && member->type == QUERY_WORDS;
    return member == NULL ? NULL : member->names;
}
