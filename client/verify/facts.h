// SPDX-License-Identifier: Apache-2.0
// Facts of a student or an offer, as name=value, and the places that some of them name. Slices lie in the
// file. One thread.
#ifndef VERIFY_FACTS_H
#define VERIFY_FACTS_H

#include "client/verify/lines.h"

#define FACTS_MAX 64u // on a line

struct facts_fact {
    struct slice name, value;
};

struct facts {
    size_t n;
    struct facts_fact *fact; // sorted, so those of one name stand together
};

struct facts_place {
    struct slice ref;
    int64_t latitude, longitude; // millionths of a degree
};

struct facts_places {
    size_t n;
    struct facts_place *place; // sorted by ref
};

// Reads the fields of the current line up to ";" (which is read too) or, without until, to its end. At
// facts->fact there is room for FACTS_MAX.
int facts_read(struct lines *lines, bool until, struct facts *facts);

// The facts of this name: the first of them, how many in n (0: what is returned may be NULL).
const struct facts_fact *facts_named(const struct facts *facts, struct slice name, size_t *n);

// The line `places` and those that it counts. facts_free_places gives them back, also after a fault.
int facts_read_places(struct lines *lines, struct facts_places *places);
void facts_free_places(struct facts_places *places);

const struct facts_place *facts_find_place(const struct facts_places *places, struct slice ref); // or NULL

// Whether they are at most so many metres (up to 1,000,000) apart, as kansen-record(5) measures.
bool facts_within(const struct facts_place *a, const struct facts_place *b, uint64_t metres);

#endif
