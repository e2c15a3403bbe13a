// SPDX-License-Identifier: Apache-2.0
#include "client/verify/facts.h"
#include <stdlib.h>

static int
read_fact(struct lines *lines, struct slice field, struct facts *facts)
{
    struct facts_fact fact, *before = facts->fact + facts->n;
    const char *equals = memchr(field.at, '=', field.len);

    if (equals == NULL)
        return lines_bad(lines, "fact", field, "NAME=VALUE");
    fact.name = (struct slice){field.at, (size_t)(equals - field.at)};
    fact.value = (struct slice){equals + 1, field.len - fact.name.len - 1};
    if (!lines_is_name(fact.name) || !lines_is_ref(fact.value))
        return lines_bad(lines, "fact", field, "NAME=VALUE");
    if (facts->n == FACTS_MAX)
        return lines_bad(lines, "fact", field, "at most 64 facts");
    if (facts->n > 0) {
        struct slice last = {before[-1].name.at, before[-1].name.len + 1 + before[-1].value.len};

        if (slice_compare(field, last) <= 0)
            return lines_bad(lines, "fact", field, "a fact that is sorted behind the one before");
    }
    facts->fact[facts->n++] = fact;
    return 0;
}

int
facts_read(struct lines *lines, bool until, struct facts *facts)
{
    struct slice field;

    facts->n = 0;
    while (until || !lines->over) {
        if (lines_field(lines, "fact", &field) != 0)
            return -1;
        if (until && slice_is(field, ";"))
            break;
        if (read_fact(lines, field, facts) != 0)
            return -1;
    }
    return 0;
}

const struct facts_fact *
facts_named(const struct facts *facts, struct slice name, size_t *n)
{
    size_t first = 0, end;

    *n = 0;
    if (facts->n == 0)
        return NULL;
    while (first < facts->n && !slice_equal(facts->fact[first].name, name))
        first++;
    end = first;
    while (end < facts->n && slice_equal(facts->fact[end].name, name))
        end++;
    *n = end - first;
    return facts->fact + first;
}

// Whole millionths of a degree, '-' in front if negative.
static int
read_degrees(struct lines *lines, const char *name, int64_t most, int64_t *out)
{
    struct slice field, digits;
    uint64_t value;
    bool minus;

    if (lines_field(lines, name, &field) != 0)
        return -1;
    minus = field.at[0] == '-';
    digits = (struct slice){field.at + minus, field.len - minus};
    if (!lines_is_number(digits, (uint64_t)most, &value) || (minus && value == 0))
        return lines_bad(lines, name, field, "whole millionths of a degree");
    *out = minus ? -(int64_t)value : (int64_t)value;
    return 0;
}

int
facts_read_places(struct lines *lines, struct facts_places *places)
{
    uint64_t n;

    if (lines_line_number(lines, "places", UINT32_MAX, &n) != 0)
        return -1;
    if (n > (size_t)(lines->end - lines->at) / sizeof "place a 0 0") // before there is memory for them
        return lines_bad(lines, "places", lines->line, "as many as follow");
    places->place = calloc(n + 1, sizeof *places->place);
    if (places->place == NULL)
        return report_no_memory(lines->report);
    for (; places->n < n; places->n++) {
        struct facts_place *place = &places->place[places->n];

        if (lines_next(lines) != 0 || lines_word(lines, "place") != 0 ||
            lines_ref(lines, "place", &place->ref) != 0 ||
            read_degrees(lines, "latitude", 90000000, &place->latitude) != 0 ||
            read_degrees(lines, "longitude", 180000000, &place->longitude) != 0 || lines_end(lines) != 0)
            return -1;
        if (places->n > 0 && slice_compare(place->ref, place[-1].ref) <= 0)
            return lines_bad(lines, "place", place->ref, "a place that is sorted behind the one before");
    }
    return 0;
}

void
facts_free_places(struct facts_places *places)
{
    free(places->place);
}

const struct facts_place *
facts_find_place(const struct facts_places *places, struct slice ref)
{
    size_t low = 0, high = places->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(ref, places->place[middle].ref);

        if (order == 0)
            return &places->place[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool
facts_within(const struct facts_place *a, const struct facts_place *b, uint64_t metres)
{
    int64_t north = llabs(a->latitude - b->latitude) * 111195 / 1000000;
    int64_t east = llabs(a->longitude - b->longitude) * 68237 / 1000000;

    return (uint64_t)(north * north + east * east) <= metres * metres;
}
