// SPDX-License-Identifier: Apache-2.0
// Walks the offers that a query can match, whatever their order: a narrow gate, so that a faster index can
// stand behind it.
#ifndef MATCH_SCAN_H
#define MATCH_SCAN_H

#include "base/attr.h"
#include "match/query.h"
#include "match/score.h"

struct txn;

// Calls each for every offer of the snapshot that may lie within the query's distance (and maybe for others),
// each once, remote offers too. The candidate holds during the call. A return of each other than 0 ends the
// walk and is returned. 0 at the end, or a store fault.
int scan_run(struct txn *txn, const struct query *query, int (*each)(void *arg, struct candidate *candidate),
             void *arg) MUST_CHECK;

#endif
