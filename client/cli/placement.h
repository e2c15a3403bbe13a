// SPDX-License-Identifier: Apache-2.0
// Placements as JSON and as tables for people. One thread.
#ifndef CLIENT_CLI_PLACEMENT_H
#define CLIENT_CLI_PLACEMENT_H

#include "base/attr.h"
#include <jansson.h>
#include <kansen/v1/placement.pb-c.h>
#include <stdbool.h>

// A JSON object with placement (the id), version, offer, partner, student (hex of the random id), client,
// state, referred, expires (while held), lease_s, from_date, to_date, decline_reason (if declined), turn (if
// it has one), created, updated; times in ISO 8601. What a partner may not see yet (student, client,
// referred, lease_s) has no key. NULL when memory is short.
json_t *placement_json(const Kansen__V1__Placement *placement) MUST_CHECK;

// Sets key to a time in microseconds since 1970; nothing for 0.
void placement_put_time(json_t *object, const char *key, int64_t time_us);

// Prints one as keys and values. 0, or -1 when memory was short.
int placement_print(const Kansen__V1__Placement *placement) MUST_CHECK;

// Prints a page of placements as a table, with a heading if it is the first. 0, or -1 when memory was short.
int placement_print_page(Kansen__V1__Placement *const *placements, size_t count, bool first) MUST_CHECK;

#endif
