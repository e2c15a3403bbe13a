// SPDX-License-Identifier: Apache-2.0
// Later rounds have greater ids, so a row is read from a round on. There are some hundreds of rounds in a
// store at most: no table of rows is needed.
#include "store/round_row.h"
#include "store/internal.h"
#include "store/placement.h"
#include <string.h>

typedef bool wanted_round(const Kansen__V1__Round *round);

static bool
is_unfinished(const Kansen__V1__Round *round)
{
    return !round_has_ended(round->state);
}

static bool
is_follower(const Kansen__V1__Round *round)
{
    return round->published_us != 0 || is_unfinished(round);
}

// The first round behind another one, in the same row, that is wanted.
static int
find_later(struct txn *txn, const Kansen__V1__Round *round, wanted_round *wanted, struct arena *arena,
           Kansen__V1__Round **out)
{
    Kansen__V1__RoundPlan *plan = NULL, *own = NULL;
    Kansen__V1__Round *later = NULL;
    uint64_t id = round->id;
    int rc = round_plan_get(txn, round->id, arena, &own);

    while (rc == 0 && (rc = round_next(txn, id, arena, &later)) == 0) {
        id = later->id;
        if (!wanted(later))
            continue;
        rc = round_plan_get(txn, id, arena, &plan);
        if (rc == 0 && strcmp(plan->series, own->series) == 0) {
            *out = later;
            return 0;
        }
    }
    return rc;
}

int
round_row_unfinished(struct txn *txn, const Kansen__V1__Round *round, struct arena *arena,
                     Kansen__V1__Round **out)
{
    return find_later(txn, round, is_unfinished, arena, out);
}

int
round_row_follower(struct txn *txn, const Kansen__V1__Round *round, struct arena *arena,
                   Kansen__V1__Round **out)
{
    return find_later(txn, round, is_follower, arena, out);
}

// The placement that came of one round, if it is live.
static int
find_held(struct txn *txn, const char *name, const uint8_t ref[ROUND_REF_BYTES], struct arena *arena,
          Kansen__V1__Placement **out)
{
    Kansen__V1__RoundResult *result = NULL;
    Kansen__V1__Placement *placement = NULL;
    Kansen__V1__Round *round = NULL;
    int rc = round_find(txn, name, arena, &round);

    if (rc == 0)
        rc = round_result_get(txn, round->id, ref, arena, &result);
    if (rc == 0)
        rc = result->placement_id == 0 ? STORE_E_NOT_FOUND
                                       : placement_get(txn, result->placement_id, arena, &placement);
    if (rc != 0)
        return rc;
    if (!placement_is_live(placement->state) || !placement_takes_seat(placement->state))
        return STORE_E_NOT_FOUND;
    *out = placement;
    return 0;
}

int
round_row_held(struct txn *txn, const Kansen__V1__RoundPlan *plan, const uint8_t ref[ROUND_REF_BYTES],
               struct arena *arena, Kansen__V1__Placement **out)
{
    int rc = STORE_E_NOT_FOUND;

    for (size_t i = plan->n_earlier; i-- > 0 && rc == STORE_E_NOT_FOUND;)
        rc = find_held(txn, plan->earlier[i]->name, ref, arena, out);
    return rc;
}
