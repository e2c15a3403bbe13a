// SPDX-License-Identifier: Apache-2.0
// Both answers come from the query's table of interests.
#include "match/discover.h"

bool
discover_is_strange(const struct query *query, const struct offer_row *row)
{
    for (size_t i = 0; i < OFFER_INTERESTS_MAX && row->interests[i] != 0; i++)
        if (query_interest(query, row->interests[i])->root_wanted)
            return false;
    return true;
}

uint16_t
discover_root(const struct query *query, const struct offer_row *row)
{
    return query_interest(query, row->interests[0])->root;
}
