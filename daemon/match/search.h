// SPDX-License-Identifier: Apache-2.0
// Finds the best offers of a query, and counts all of them where that is asked, without looking at those that
// can not be among the best. Exact: what is passed over is known to be worse.
#ifndef MATCH_SEARCH_H
#define MATCH_SEARCH_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/effort.h"
#include "match/facets.h"
#include "match/query.h"
#include "match/rank.h"

struct txn;

struct search {
    struct txn *txn;
    struct arena *arena;
    const struct query *query;
    struct effort *effort; // NULL = no bound
    bool continues;        // the query has a cursor
    struct ranked after;   // the last offer of the page before, if it continues
    // The result.
    struct rank matches, discoveries;
    bool follows;          // some eligible offer comes behind the last of matches
    struct facets *facets; // NULL where not asked for
    uint64_t total;        // counted if asked for (or with facets)
};

// Runs a search whose fields above the result are set. 0, a store fault, or an effort_outcome.
int search_run(struct search *search) MUST_CHECK;

#endif
