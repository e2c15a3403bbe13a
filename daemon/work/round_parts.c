// SPDX-License-Identifier: Apache-2.0
// Invariant: a round counts as unfinished the students of whom parts are there.
#include "work/round_parts.h"
#include "store/round.h"
#include "work/lifecycle.h"
#include <stdlib.h>
#include <string.h>

int
round_parts_find(struct change *change, uint64_t round, struct arena *arena, Kansen__V1__RoundStudent **out)
{
    int rc = round_unfinished_get(change->txn, round, change->command->secrets->ref, arena, out);

    if (rc != STORE_E_NOT_FOUND)
        return rc;
    *out = NULL;
    return 0;
}

int
round_parts_check(struct change *change, const Kansen__V1__SubmitRoundList *given,
                  const Kansen__V1__RoundStudent *parts)
{
    size_t come = parts != NULL ? parts->n_offers : 0;

    if (parts != NULL && (change->command->movers & MOVER_OPERATOR) == 0 &&
        strcmp(parts->client, change->command->client) != 0)
        return fault_set(change->fault, CODE_PERMISSION_DENIED, "student",
                         "parts of a list of this student came from another client");
    if (given->behind == 0 || given->behind == come)
        return 0;
    return fault_set(change->fault, CODE_ABORTED, "behind",
                     "%u offers are said to come before these, and %zu have come; go on behind those, or "
                     "begin anew behind 0",
                     (unsigned)given->behind, come);
}

static int
compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

// Only what is new is sorted, so a part costs one pass over what is there, however many parts there are.
int
round_parts_check_twice(struct change *change, struct arena *arena, const uint64_t *offers, size_t before,
                        size_t all)
{
    size_t n = all - before;
    uint64_t *sorted = arena_array(arena, n + 1, sizeof *sorted);
    const uint64_t *twice = NULL;

    if (sorted == NULL)
        return STORE_FAULT_MEMORY;
    if (n > 0)
        memcpy(sorted, offers + before, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    for (size_t i = 1; i < n && twice == NULL; i++)
        twice = sorted[i] == sorted[i - 1] ? &sorted[i] : NULL;
    for (size_t i = 0; i < before && twice == NULL; i++)
        twice = bsearch(&offers[i], sorted, n, sizeof *sorted, compare);
    if (twice == NULL)
        return 0;
    return fault_set(change->fault, CODE_INVALID_ARGUMENT, "offers", "offer %llu is on the list twice",
                     (unsigned long long)*twice);
}

char *
round_parts_owner(struct change *change, const Kansen__V1__RoundStudent *old,
                  const Kansen__V1__RoundStudent *parts)
{
    const char *owner = old != NULL ? old->client : parts != NULL ? parts->client : change->command->client;

    return arena_strdup(change->arena, owner);
}

int
round_parts_put(struct change *change, const Kansen__V1__Round *round, Kansen__V1__RoundStudent *parts,
                const Kansen__V1__RoundStudent *before)
{
    bool goes_on = change->command->write->submit_round_list->behind > 0;
    Kansen__V1__Round counted = *round;
    int rc;

    parts->version = goes_on ? before->version + 1 : 1;
    parts->created_us = goes_on ? before->created_us : change->command->time_us;
    parts->updated_us = change->command->time_us;
    rc = round_unfinished_put(change->txn, parts);
    if (rc == 0 && before == NULL) {
        counted.unfinished++;
        rc = round_put(change->txn, &counted, round);
    }
    return rc == 0 ? round_parts_note(change, KANSEN__V1__OUTCOME__OUTCOME_UPDATED, parts) : rc;
}

int
round_parts_note(struct change *change, Kansen__V1__Outcome outcome, const Kansen__V1__RoundStudent *parts)
{
    change->outcome = outcome;
    change->id = parts->round_id;
    change->version = outcome == KANSEN__V1__OUTCOME__OUTCOME_REMOVED ? 0 : parts->version;
    change->round_bytes = change->command->secrets->ref;
    return 0;
}
