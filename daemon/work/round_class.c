// SPDX-License-Identifier: Apache-2.0
// Facts are few, so they are looked through for each condition.
#include "work/round_class.h"
#include "work/round_rule_state.h"
#include <stdlib.h>
#include <string.h>

#define LAT_PER_M 111195 // metres in a million millionths of a degree
#define LON_PER_M 68237  // the same of longitude in the middle of the Netherlands

// The value of a fact if it has this name; else NULL.
static const char *
value_of(const char *fact, const char *name)
{
    size_t len = strlen(name);

    return strncmp(fact, name, len) == 0 && fact[len] == '=' ? fact + len + 1 : NULL;
}

// The next value of a name at or behind *at, which then stands behind it; NULL at the end.
static const char *
next_value(const struct round_facts *facts, const char *name, size_t *at)
{
    while (*at < facts->n) {
        const char *value = value_of(facts->texts[(*at)++], name);

        if (value != NULL)
            return value;
    }
    return NULL;
}

static bool
has_value(const struct round_facts *facts, const char *name, const char *wanted)
{
    const char *value;

    for (size_t at = 0; (value = next_value(facts, name, &at)) != NULL;) {
        if (strcmp(value, wanted) == 0)
            return true;
    }
    return false;
}

static bool
is_number(const char *text)
{
    size_t len = strspn(text, "0123456789");

    return len >= 1 && len <= 10 && text[len] == '\0' && (text[0] != '0' || len == 1) &&
           strtoull(text, NULL, 10) <= UINT32_MAX;
}

static const Kansen__V1__RoundPlace *
find_place(const struct round_places *places, const char *code)
{
    size_t low = 0, high = places->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(places->at[middle]->code, code);

        if (order == 0)
            return places->at[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

// ---- Checking

static bool
is_fact(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-",
                      values[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-";
    size_t name = strspn(text, letters), value;

    if (name < 1 || name > 32 || text[0] < 'a' || text[0] > 'z' || text[name] != '=')
        return false;
    value = strspn(text + name + 1, values);
    return value >= 1 && value <= 64 && text[name + 1 + value] == '\0' && strcmp(text + name + 1, "-") != 0;
}

// Whether a fact has what a condition reads of a student: the one that it names first.
static bool
suits(const struct condition *condition, const char *fact, bool (*is_place)(void *arg, const char *code),
      void *arg)
{
    const char *value;

    if (condition->test < TEST_ATLEAST)
        return true;
    value = value_of(fact, condition->first);
    if (value == NULL)
        return true;
    return condition->test == TEST_WITHIN ? is_place(arg, value) : is_number(value);
}

int
round_class_check(const struct round_rule *rule, const struct round_facts *facts,
                  bool (*is_place)(void *arg, const char *code), void *arg, struct fault *fault)
{
    if (facts->n > ROUND_CLASS_FACTS_MAX)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "facts", "%zu facts given; at most %u are allowed",
                         facts->n, ROUND_CLASS_FACTS_MAX);
    for (size_t i = 0; i < facts->n; i++) {
        if (!is_fact(facts->texts[i]))
            return fault_set(
                fault, CODE_INVALID_ARGUMENT, "facts",
                "'%.100s' is no fact; it is name=value, name a lower-case letter and at most 31 of a-z "
                "0-9 _ -, value 1 to 64 of A-Z a-z 0-9 . _ : / -",
                facts->texts[i]);
        if (i > 0 && strcmp(facts->texts[i - 1], facts->texts[i]) >= 0)
            return fault_set(fault, CODE_INVALID_ARGUMENT, "facts",
                             "'%.100s' is not in order, or there twice", facts->texts[i]);
    }
    for (size_t line = 0; line < rule->n_lines; line++) {
        for (size_t k = 0; k < rule->lines[line].n * facts->n; k++) {
            const struct condition *condition = &rule->lines[line].conditions[k / facts->n];
            const char *fact = facts->texts[k % facts->n];

            if (!suits(condition, fact, is_place, arg))
                return fault_set(fault, CODE_INVALID_ARGUMENT, "facts",
                                 "'%.100s': line '%s' of the rule needs a %s", fact, rule->lines[line].name,
                                 condition->test == TEST_WITHIN ? "code of a place" : "number");
        }
    }
    return 0;
}

// ---- Conditions

static bool
shares(const struct condition *condition, const struct round_pair *pair)
{
    const char *value;

    for (size_t at = 0; (value = next_value(&pair->student, condition->first, &at)) != NULL;) {
        if (has_value(&pair->offer, condition->second, value))
            return true;
    }
    return false;
}

static bool
is_subset(const struct condition *condition, const struct round_pair *pair)
{
    const char *value;

    for (size_t at = 0; (value = next_value(&pair->student, condition->first, &at)) != NULL;) {
        if (!has_value(&pair->offer, condition->second, value))
            return false;
    }
    return true;
}

static bool
compares(const struct condition *condition, uint64_t value, uint64_t bound)
{
    return condition->test == TEST_ATLEAST ? value >= bound : value <= bound;
}

static bool
all_compare(const struct condition *condition, const struct round_pair *pair)
{
    const char *value, *bound;

    for (size_t at = 0; (value = next_value(&pair->student, condition->first, &at)) != NULL;) {
        uint64_t number = strtoull(value, NULL, 10);

        if (condition->is_number && !compares(condition, number, condition->number))
            return false;
        for (size_t k = 0;
             !condition->is_number && (bound = next_value(&pair->offer, condition->second, &k)) != NULL;) {
            if (!compares(condition, number, strtoull(bound, NULL, 10)))
                return false;
        }
    }
    return true;
}

static bool
is_near(const struct round_places *places, const char *a, const char *b, uint32_t metres)
{
    const Kansen__V1__RoundPlace *from = find_place(places, a), *to = find_place(places, b);
    int64_t north, east;

    if (strcmp(a, b) == 0)
        return true;
    if (from == NULL || to == NULL)
        return false;
    north = llabs((int64_t)from->at->lat_e6 - to->at->lat_e6) * LAT_PER_M / 1000000;
    east = llabs((int64_t)from->at->lon_e6 - to->at->lon_e6) * LON_PER_M / 1000000;
    return north * north + east * east <= (int64_t)metres * metres;
}

static bool
one_is_near(const struct condition *condition, const struct round_pair *pair)
{
    const char *home, *place;

    for (size_t at = 0; (home = next_value(&pair->student, condition->first, &at)) != NULL;) {
        for (size_t k = 0; (place = next_value(&pair->offer, condition->second, &k)) != NULL;) {
            if (is_near(pair->places, home, place, condition->number))
                return true;
        }
    }
    return false;
}

static bool
holds(const struct condition *condition, const struct round_pair *pair)
{
    switch (condition->test) {
    case TEST_REFERRED:
        return pair->referred;
    case TEST_RESERVED:
        return pair->reserved;
    case TEST_STUDENT:
        return has_value(&pair->student, condition->first, condition->second);
    case TEST_OFFER:
        return has_value(&pair->offer, condition->first, condition->second);
    case TEST_SAME:
        return shares(condition, pair);
    case TEST_SUBSET:
        return is_subset(condition, pair);
    case TEST_WITHIN:
        return one_is_near(condition, pair);
    default:
        return all_compare(condition, pair);
    }
}

uint32_t
round_class_of(const struct round_rule *rule, const struct round_pair *pair, const char **line)
{
    size_t i, k = 0;

    for (i = 0; i + 1 < rule->n_lines; i++) { // the last one holds always
        for (k = 0; k < rule->lines[i].n; k++) {
            if (holds(&rule->lines[i].conditions[k], pair) == rule->lines[i].conditions[k].negated)
                break;
        }
        if (k == rule->lines[i].n)
            break;
    }
    *line = rule->lines[i].name;
    return rule->lines[i].class;
}
