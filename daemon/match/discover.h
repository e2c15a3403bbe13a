// SPDX-License-Identifier: Apache-2.0
// Offers outside a student's interests that may be shown all the same. Pure; any thread.
#ifndef MATCH_DISCOVER_H
#define MATCH_DISCOVER_H

#include "match/query.h"
#include "store/offer_row.h"
#include <stdbool.h>

// Whether none of the offer's interests has a root in common with the student's.
bool discover_is_strange(const struct query *query, const struct offer_row *row);

// The root of the offer's first interest: of each root one offer is shown at most.
uint16_t discover_root(const struct query *query, const struct offer_row *row);

#endif
