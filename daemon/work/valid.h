// SPDX-License-Identifier: Apache-2.0
// Checks of the fields of a command. Each names the field, what was given and what is allowed. Pure; 0 or
// FAULT. A field's path is built from a prefix and its name: "offer" and "title" give "offer.title".
#ifndef WORK_VALID_H
#define WORK_VALID_H

#include "base/attr.h"
#include "base/fault.h"
#include "proto/names.h"
#include <kansen/v1/common.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALID_CENTS_MAX 100000000u // a million euro
#define VALID_AGE_MAX   120u

// Text of least..most characters without control characters; most_bytes bounds its size too. With lines, tabs
// and line feeds are allowed.
struct valid_text {
    size_t least, most; // characters
    bool lines;
};
int valid_text(struct fault *fault, const char *prefix, const char *name, const char *text,
               struct valid_text rule) MUST_CHECK;

// Empty, or an http or https address of at most 500 bytes.
int valid_url(struct fault *fault, const char *prefix, const char *name, const char *text) MUST_CHECK;

// 1..64 of A-Z a-z 0-9 . _ -, the first a letter or digit.
int valid_source(struct fault *fault, const char *prefix, const char *name, const char *text) MUST_CHECK;
int valid_round_name(struct fault *fault, const char *prefix, const char *name, const char *text) MUST_CHECK;
int valid_region_code(struct fault *fault, const char *prefix, const char *name, const char *text) MUST_CHECK;

// Empty, or 1..128 of A-Z a-z 0-9 . _ : / -, the first a letter or digit.
int valid_external_id(struct fault *fault, const char *prefix, const char *name, const char *text) MUST_CHECK;

// 1..4 parts of a-z 0-9 _ between dots, at most 64 bytes.
int valid_interest_code(struct fault *fault, const char *prefix, const char *name,
                        const char *text) MUST_CHECK;

// 1..32 of a-z 0-9 _ -.
int valid_fund(struct fault *fault, const char *prefix, const char *name, const char *text) MUST_CHECK;

// ISO 639-1: two lower-case letters.
int valid_language(struct fault *fault, const char *prefix, const char *name, const char *text) MUST_CHECK;

// Whole number within least..most.
int valid_number(struct fault *fault, const char *prefix, const char *name, uint64_t number, uint64_t least,
                 uint64_t most) MUST_CHECK;

// Empty (*days = DATE_NONE) or an ISO 8601 date.
int valid_date(struct fault *fault, const char *prefix, const char *name, const char *text,
               int32_t *days) MUST_CHECK;

// Absent, or within -90..90 and -180..180 degrees.
int valid_point(struct fault *fault, const char *prefix, const char *name,
                const Kansen__V1__Point *point) MUST_CHECK;

// A value of the enum that names lists; 0 (not given) only with optional.
int valid_enum(struct fault *fault, const char *prefix, const char *name, int value,
               const struct names *names, bool optional) MUST_CHECK;
int valid_enums(struct fault *fault, const char *prefix, const char *name, const int *values, size_t count,
                const struct names *names) MUST_CHECK;

// At most `most` elements.
int valid_count(struct fault *fault, const char *prefix, const char *name, size_t count,
                size_t most) MUST_CHECK;

#endif
