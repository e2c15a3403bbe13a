// SPDX-License-Identifier: Apache-2.0
// A priority rule: which class a student has at an offer, from facts of both. No condition can read where the
// offer stands on the student's list. Slices lie in the file. One thread.
#ifndef VERIFY_RULE_H
#define VERIFY_RULE_H

#include "client/verify/facts.h"

#define RULE_LINES_MAX      257u // 256 `when` and the `else`
#define RULE_CONDITIONS_MAX 16u  // of a line
#define RULE_LABELS_MAX     257u
#define RULE_CLASS_MAX      4294967294u
#define RULE_INELIGIBLE     4294967295u // in place of a class

enum rule_test {
    RULE_REFERRED,
    RULE_RESERVED,
    RULE_STUDENT,
    RULE_OFFER,
    RULE_SAME,
    RULE_SUBSET,
    RULE_ATLEAST,
    RULE_ATMOST,
    RULE_WITHIN,
};

struct rule_condition {
    enum rule_test test;
    bool negated;
    bool against_number; // atleast, atmost: number stands in place of b
    struct slice a, b;
    uint64_t number;
};

struct rule_line {
    struct slice name;
    uint32_t class; // or RULE_INELIGIBLE
    unsigned n_conditions;
    struct rule_condition condition[RULE_CONDITIONS_MAX];
};

// Facts that a condition reads as a number or a place.
struct rule_reading {
    struct slice name;
    bool of_student, as_place;
};

struct rule {
    unsigned n_labels, n_lines, n_readings; // the last line is the `else`
    uint64_t labels[RULE_LABELS_MAX];
    struct rule_line line[RULE_LINES_MAX];
    struct rule_reading reading[RULE_LINES_MAX * RULE_CONDITIONS_MAX * 2];
};

// The lines behind `rule`: label, when, else.
int rule_read(struct lines *lines, struct rule *rule);

// Whether the facts of the current line have the form in which the rule reads them.
int rule_check(const struct rule *rule, const struct facts_places *places, const struct facts *facts,
               bool of_student, const struct lines *lines);

struct rule_pair {
    const struct facts *student, *offer;
    bool referred, reserved;
};

// The line that decides about a pair whose facts have been checked.
const struct rule_line *rule_decide(const struct rule *rule, const struct facts_places *places,
                                    const struct rule_pair *pair);

#endif
