// SPDX-License-Identifier: Apache-2.0
// Only for the modules that resolve a query: what they share while they do. Each step reads the wire, and
// either fills its fields of query (0) or returns as query_resolve does.
#ifndef MATCH_RESOLVE_H
#define MATCH_RESOLVE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "match/query.h"
#include <stddef.h>
#include <stdint.h>

struct names;

struct resolve {
    struct txn *txn;
    const struct catalog *catalog;
    const Kansen__V1__Query *wire;
    int32_t today;
    struct arena *arena;
    struct query *query;
    struct fault *fault;
};

// The path of an element of a list: "query.NAME[INDEX]TAIL". Returns out.
char *resolve_path(char out[FAULT_FIELD_MAX], const char *name, size_t index, const char *tail);

// Turns a list of enum values into a mask: bit n - 1 for value n. name is the field's; names has the words
// that are allowed.
int resolve_set(struct resolve *resolve, const char *name, const struct names *names, const void *values,
                size_t count, uint32_t *mask) MUST_CHECK;

// place.c: origin, radius, region.
int place_resolve(struct resolve *resolve) MUST_CHECK;

// wanted.c: interests.
int wanted_resolve(struct resolve *resolve) MUST_CHECK;

// student.c: who the student is: levels, transition, age, qualification, needs, languages, money.
int student_resolve(struct resolve *resolve) MUST_CHECK;

#endif
