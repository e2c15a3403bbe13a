// SPDX-License-Identifier: Apache-2.0
// The class of a student at an offer by the rule of a round, and the facts that the rule reads:
// kansen-record(5), RULES. Pure; any thread.
#ifndef WORK_ROUND_CLASS_H
#define WORK_ROUND_CLASS_H

#include "base/attr.h"
#include "base/fault.h"
#include "work/round_rule.h"
#include <kansen/v1/round.pb-c.h>

#define ROUND_CLASS_FACTS_MAX 64u // of a student or an offer

// Facts as name=value, sorted, none twice.
struct round_facts {
    char *const *texts;
    size_t n;
};

// Places that the rule measures from, sorted by code.
struct round_places {
    Kansen__V1__RoundPlace *const *at;
    size_t n;
};

// Whether the facts of a student are sound and hold what the rule reads of them: numbers where it compares,
// places, which is_place knows, where it measures. 0, or FAULT with the field "facts".
int round_class_check(const struct round_rule *rule, const struct round_facts *facts,
                      bool (*is_place)(void *arg, const char *code), void *arg,
                      struct fault *fault) MUST_CHECK;

// A student at an offer.
struct round_pair {
    bool referred; // by the school
    bool reserved; // the offer keeps seats for referred students
    struct round_facts student, offer;
    const struct round_places *places;
};

// The class of a pair whose facts were checked; *line is the name of the line that decided.
uint32_t round_class_of(const struct round_rule *rule, const struct round_pair *pair, const char **line);

#endif
