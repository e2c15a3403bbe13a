// SPDX-License-Identifier: Apache-2.0
// The part of a query that says who looks: level, transition, age, qualification, needs, languages, money.
#include "match/given.h"
#include "match/resolve.h"
#include "proto/names.h"
#include "store/catalog.h"
#include "store/offer_row.h"
#include <string.h>

#define CREBO_MIN    10000u
#define CREBO_MAX    99999u
#define FUND_LEN_MAX 32u
#define WORDS_MAX    256u // bytes of a list of words in a message

static int
resolve_levels(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;

    if (wire->n_levels > QUERY_LEVELS_MAX)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.levels",
                         "%zu levels are given; at most %u are allowed", wire->n_levels, QUERY_LEVELS_MAX);
    return resolve_set(resolve, "levels", &names_level, wire->levels, wire->n_levels,
                       &resolve->query->levels);
}

static int
resolve_transition(struct resolve *resolve)
{
    int value = (int)resolve->wire->transition;
    char words[WORDS_MAX];

    if (value != 0 && names_text(&names_transition, value) == NULL)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.transition",
                         "%d is no transition; allowed are 0 (none) and %s", value,
                         names_list(&names_transition, words, sizeof words));
    resolve->query->transition = (uint32_t)value;
    return 0;
}

static int
resolve_age(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;

    resolve->query->age = QUERY_AGE_NONE;
    if (wire->age_given_case != KANSEN__V1__QUERY__AGE_GIVEN_AGE)
        return 0;
    if (wire->age > QUERY_AGE_MAX)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.age",
                         "an age of %u is not allowed; allowed are 0..%u years", (unsigned)wire->age,
                         QUERY_AGE_MAX);
    resolve->query->age = wire->age;
    return 0;
}

static int
resolve_qualification(struct resolve *resolve)
{
    uint32_t crebo = resolve->wire->qualification;

    if (crebo != 0 && (crebo < CREBO_MIN || crebo > CREBO_MAX))
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.qualification",
                         "%u is no qualification; a crebo has five digits, %u..%u", (unsigned)crebo,
                         CREBO_MIN, CREBO_MAX);
    resolve->query->qualification = crebo;
    return 0;
}

static int
resolve_needs(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;

    return resolve_set(resolve, "needs", &names_need, wire->needs, wire->n_needs, &resolve->query->needs);
}

static bool
is_language(const char *code)
{
    return strlen(code) == 2 && code[0] >= 'a' && code[0] <= 'z' && code[1] >= 'a' && code[1] <= 'z';
}

static int
resolve_languages(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;
    char path[FAULT_FIELD_MAX];
    struct given given;

    if (wire->n_languages > QUERY_LANGUAGES_MAX)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.languages",
                         "%zu languages are given; at most %u are allowed", wire->n_languages,
                         QUERY_LANGUAGES_MAX);
    for (size_t i = 0; i < wire->n_languages; i++) {
        if (!is_language(wire->languages[i]))
            return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, resolve_path(path, "languages", i, ""),
                             "%s is no language; give ISO 639-1 codes of two lower-case letters, as in nl",
                             given_text(&given, wire->languages[i]));
        resolve->query->languages[i] = offer_row_language(wire->languages[i]);
    }
    resolve->query->n_languages = (uint32_t)wire->n_languages;
    return 0;
}

static int
resolve_max_cost(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;

    if (wire->max_cost_case != KANSEN__V1__QUERY__MAX_COST_MAX_COST_CENTS)
        return 0;
    if (wire->max_cost_cents > QUERY_COST_MAX_CENTS)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.max_cost_cents",
                         "%u cents is too much; allowed are 0..%u", (unsigned)wire->max_cost_cents,
                         QUERY_COST_MAX_CENTS);
    resolve->query->has_max_cost = true;
    resolve->query->max_cost_cents = wire->max_cost_cents;
    return 0;
}

static bool
is_fund(const char *code)
{
    size_t len = strlen(code);

    return len >= 1 && len <= FUND_LEN_MAX && strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static int
resolve_funds(struct resolve *resolve)
{
    const Kansen__V1__Query *wire = resolve->wire;
    struct query *query = resolve->query;
    char path[FAULT_FIELD_MAX];
    struct given given;

    if (wire->n_funds > QUERY_FUNDS_MAX)
        return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, "query.funds",
                         "%zu funds are given; at most %u are allowed", wire->n_funds, QUERY_FUNDS_MAX);
    for (size_t i = 0; i < wire->n_funds; i++) {
        uint16_t number;

        if (!is_fund(wire->funds[i]))
            return fault_set(resolve->fault, CODE_INVALID_ARGUMENT, resolve_path(path, "funds", i, ""),
                             "%s is no code of a fund; a code has 1..%u of a-z 0-9 _ -",
                             given_text(&given, wire->funds[i]), FUND_LEN_MAX);
        number = catalog_fund(resolve->catalog, wire->funds[i]);
        if (number != 0)
            query->funds[query->n_funds++] = number;
    }
    return 0;
}

int
student_resolve(struct resolve *resolve)
{
    static int (*const steps[])(struct resolve *) = {
        resolve_levels, resolve_transition, resolve_age,      resolve_qualification,
        resolve_needs,  resolve_languages,  resolve_max_cost, resolve_funds,
    };

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int r = steps[i](resolve);

        if (r != 0)
            return r;
    }
    resolve->query->referred = resolve->wire->referred;
    return 0;
}
