// SPDX-License-Identifier: Apache-2.0
// A rule as it was read. Only work/round_rule.c and work/round_class.c may include this.
#ifndef WORK_ROUND_RULE_STATE_H
#define WORK_ROUND_RULE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUND_CONDITIONS_MAX 16u // of a line

enum test {
    TEST_REFERRED,
    TEST_RESERVED,
    TEST_STUDENT,
    TEST_OFFER,
    TEST_SAME,
    TEST_SUBSET,
    TEST_ATLEAST,
    TEST_ATMOST,
    TEST_WITHIN
};

struct condition {
    enum test test;
    bool negated, is_number;
    const char *first, *second;
    uint32_t number; // metres, or what is compared with
};

struct line {
    const char *name;
    uint32_t class;
    size_t n;
    struct condition conditions[ROUND_CONDITIONS_MAX];
};

struct label {
    uint32_t class;
    const char *text;
};

struct round_rule {
    size_t n_lines, n_labels; // the last line is the one that decides without conditions
    struct line *lines;
    struct label *labels;
    bool measures;
};

#endif
