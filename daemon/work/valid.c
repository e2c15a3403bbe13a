// SPDX-License-Identifier: Apache-2.0
// What was given is quoted in the message, cut to a length that leaves room for what is allowed.
#include "work/valid.h"
#include "base/date.h"
#include "base/geo.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define QUOTE_MAX 60 // bytes of what was given that a message repeats

struct path {
    char text[FAULT_FIELD_MAX];
};

static struct path
path_of(const char *prefix, const char *name)
{
    struct path path;

    snprintf(path.text, sizeof path.text, "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".", name);
    return path;
}

#define REFUSE(fault, prefix, name, ...)                                                                     \
    fault_set((fault), CODE_INVALID_ARGUMENT, path_of((prefix), (name)).text, __VA_ARGS__)

static int
refuse_characters(struct fault *fault, const char *prefix, const char *name, enum text_flaw flaw)
{
    switch (flaw) {
    case TEXT_NOT_UTF8:
        return REFUSE(fault, prefix, name, "%s is not valid UTF-8", name);
    case TEXT_NUL:
        return REFUSE(fault, prefix, name, "%s holds a NUL byte", name);
    default:
        return REFUSE(fault, prefix, name, "%s holds a control character", name);
    }
}

int
valid_text(struct fault *fault, const char *prefix, const char *name, const char *text,
           struct valid_text rule)
{
    size_t characters = 0;
    enum text_flaw flaw = text_check(text, strlen(text), rule.lines, &characters);

    if (flaw != TEXT_FINE)
        return refuse_characters(fault, prefix, name, flaw);
    if (characters == 0 && rule.least > 0)
        return REFUSE(fault, prefix, name, "%s is empty; it must have %zu to %zu characters", name,
                      rule.least, rule.most);
    if (characters < rule.least || characters > rule.most)
        return REFUSE(fault, prefix, name, "%s has %zu characters; it must have %zu to %zu", name, characters,
                      rule.least, rule.most);
    return 0;
}

int
valid_url(struct fault *fault, const char *prefix, const char *name, const char *text)
{
    if (text[0] == '\0')
        return 0;
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return REFUSE(fault, prefix, name, "'%.*s' is no web address; it must start with http:// or https://",
                      QUOTE_MAX, text);
    if (strchr(text, ' ') != NULL)
        return REFUSE(fault, prefix, name, "'%.*s' holds a space; write it as %%20", QUOTE_MAX, text);
    return valid_text(fault, prefix, name, text, (struct valid_text){.least = 8, .most = 500});
}

static bool
all_of(const char *text, const char *allowed_beside_alnum, bool upper)
{
    for (; *text != '\0'; text++) {
        bool lower_or_digit = (*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9');

        if (!lower_or_digit && !(upper && *text >= 'A' && *text <= 'Z') &&
            strchr(allowed_beside_alnum, *text) == NULL)
            return false;
    }
    return true;
}

static bool
is_identifier(const char *text, size_t most, const char *allowed_beside_alnum)
{
    size_t len = strlen(text);

    return len >= 1 && len <= most && all_of(text, allowed_beside_alnum, true) &&
           strchr(allowed_beside_alnum, text[0]) == NULL;
}

// 1..most of letters, digits and `others`, the first a letter or digit.
static int
check_identifier(struct fault *fault, const char *prefix, const char *name, const char *text,
                 const char *what, size_t most, const char *others)
{
    if (is_identifier(text, most, others))
        return 0;
    return REFUSE(fault, prefix, name,
                  "'%.*s' is no %s; allowed are 1 to %zu of A-Z a-z 0-9 %s, the first a letter or digit",
                  QUOTE_MAX, text, what, most, others);
}

int
valid_source(struct fault *fault, const char *prefix, const char *name, const char *text)
{
    return check_identifier(fault, prefix, name, text, "source", 64, "._-");
}

int
valid_round_name(struct fault *fault, const char *prefix, const char *name, const char *text)
{
    return check_identifier(fault, prefix, name, text, "name of a round", 64, "._-");
}

int
valid_region_code(struct fault *fault, const char *prefix, const char *name, const char *text)
{
    return check_identifier(fault, prefix, name, text, "region code", 64, "._-");
}

int
valid_external_id(struct fault *fault, const char *prefix, const char *name, const char *text)
{
    return text[0] == '\0' ? 0 : check_identifier(fault, prefix, name, text, "external id", 128, "._:/-");
}

int
valid_interest_code(struct fault *fault, const char *prefix, const char *name, const char *text)
{
    size_t len = strlen(text), parts = 1, part = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.') {
            if (part == 0)
                break;
            parts++;
            part = 0;
        } else {
            part++;
        }
    }
    if (len <= 64 && part > 0 && parts <= 4 && all_of(text, "._", false))
        return 0;
    return REFUSE(fault, prefix, name,
                  "'%.*s' is no interest code; allowed are 1 to 4 parts of a-z 0-9 _ with dots between, at "
                  "most 64 bytes",
                  QUOTE_MAX, text);
}

int
valid_fund(struct fault *fault, const char *prefix, const char *name, const char *text)
{
    size_t len = strlen(text);

    if (len >= 1 && len <= 32 && all_of(text, "_-", false))
        return 0;
    return REFUSE(fault, prefix, name, "'%.*s' is no fund code; allowed are 1 to 32 of a-z 0-9 _ -",
                  QUOTE_MAX, text);
}

int
valid_language(struct fault *fault, const char *prefix, const char *name, const char *text)
{
    if (strlen(text) == 2 && text[0] >= 'a' && text[0] <= 'z' && text[1] >= 'a' && text[1] <= 'z')
        return 0;
    return REFUSE(fault, prefix, name, "'%.*s' is no language; allowed is an ISO 639-1 code such as nl",
                  QUOTE_MAX, text);
}

int
valid_number(struct fault *fault, const char *prefix, const char *name, uint64_t number, uint64_t least,
             uint64_t most)
{
    if (number >= least && number <= most)
        return 0;
    return REFUSE(fault, prefix, name, "%s is %llu; allowed are %llu to %llu", name,
                  (unsigned long long)number, (unsigned long long)least, (unsigned long long)most);
}

int
valid_date(struct fault *fault, const char *prefix, const char *name, const char *text, int32_t *days)
{
    *days = DATE_NONE;
    if (text[0] == '\0' || date_parse(text, days) == 0)
        return 0;
    return REFUSE(fault, prefix, name,
                  "'%.*s' is no date; allowed is a day of the years 1900 to 2199 as YYYY-MM-DD, or nothing",
                  QUOTE_MAX, text);
}

int
valid_point(struct fault *fault, const char *prefix, const char *name, const Kansen__V1__Point *point)
{
    struct path path = path_of(prefix, name);

    if (point == NULL)
        return 0;
    if (point->lat_e6 < -GEO_LAT_MAX_E6 || point->lat_e6 > GEO_LAT_MAX_E6)
        return REFUSE(fault, path.text, "lat_e6", "latitude is %.6f; allowed are -90 to 90 degrees",
                      point->lat_e6 / 1e6);
    if (point->lon_e6 < -GEO_LON_MAX_E6 || point->lon_e6 > GEO_LON_MAX_E6)
        return REFUSE(fault, path.text, "lon_e6", "longitude is %.6f; allowed are -180 to 180 degrees",
                      point->lon_e6 / 1e6);
    return 0;
}

int
valid_enum(struct fault *fault, const char *prefix, const char *name, int value, const struct names *names,
           bool optional)
{
    char allowed[300];

    if ((optional && value == 0) || (value > 0 && names_text(names, value) != NULL))
        return 0;
    names_list(names, allowed, sizeof allowed);
    if (value == 0)
        return REFUSE(fault, prefix, name, "%s is missing; allowed are %s", name, allowed);
    return REFUSE(fault, prefix, name, "%d is no %s; allowed are %s", value, names->what, allowed);
}

int
valid_enums(struct fault *fault, const char *prefix, const char *name, const int *values, size_t count,
            const struct names *names)
{
    for (size_t i = 0; i < count; i++) {
        char indexed[FAULT_FIELD_MAX];

        if (values[i] > 0 && names_text(names, values[i]) != NULL)
            continue;
        snprintf(indexed, sizeof indexed, "%s[%zu]", name, i);
        return valid_enum(fault, prefix, indexed, values[i], names, false);
    }
    return 0;
}

int
valid_count(struct fault *fault, const char *prefix, const char *name, size_t count, size_t most)
{
    if (count <= most)
        return 0;
    return REFUSE(fault, prefix, name, "%zu %s given; at most %zu are allowed", count, name, most);
}
