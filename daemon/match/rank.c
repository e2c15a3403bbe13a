// SPDX-License-Identifier: Apache-2.0
// Invariant: `best` holds, in order, the first `limit` of what remains of all that were added when each group
// keeps only its first `cap`. It can be kept one by one: an offer either takes the place of the last of its
// full group, or pushes out the last of all; whoever was pushed out has `limit` better ones before it for
// good.
#include "match/rank.h"
#include "store/store.h"
#include <string.h>

uint64_t
rank_mix(uint64_t offer_id, uint64_t tie_seed)
{
    uint64_t z = offer_id * UINT64_C(0x9E3779B97F4A7C15) + tie_seed;

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

bool
rank_before(const struct ranked *a, const struct ranked *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    if (a->mix != b->mix)
        return a->mix < b->mix;
    return a->offer_id < b->offer_id;
}

int
rank_init(struct rank *rank, struct arena *arena, size_t limit, uint32_t cap)
{
    *rank = (struct rank){.limit = limit, .cap = cap};
    rank->best = arena_array(arena, limit, sizeof *rank->best);
    return rank->best == NULL ? STORE_FAULT_MEMORY : 0;
}

// The place of the last offer of a group that has its share, or n if it has not.
static size_t
place_to_give_up(const struct rank *rank, uint64_t group)
{
    size_t last = rank->n;
    uint32_t count = 0;

    if (rank->cap == 0)
        return rank->n;
    for (size_t i = 0; i < rank->n; i++) {
        if (rank->best[i].group != group)
            continue;
        count++;
        last = i;
    }
    return count < rank->cap ? rank->n : last;
}

// Puts the offer where it belongs among the first `until`, each behind it one place down: the one at `until`
// is lost.
static void
insert(struct rank *rank, const struct ranked *offer, size_t until)
{
    size_t place = until;

    while (place > 0 && rank_before(offer, &rank->best[place - 1]))
        place--;
    memmove(&rank->best[place + 1], &rank->best[place], (until - place) * sizeof *rank->best);
    rank->best[place] = *offer;
}

void
rank_add(struct rank *rank, const struct ranked *offer)
{
    size_t place;

    if (!rank->seen || rank_before(&rank->worst, offer))
        rank->worst = *offer;
    rank->seen = true;
    if (rank->limit == 0 || (rank->n == rank->limit && !rank_before(offer, &rank->best[rank->n - 1])))
        return;
    place = place_to_give_up(rank, offer->group);
    if (place < rank->n) {
        if (rank_before(offer, &rank->best[place]))
            insert(rank, offer, place);
        return;
    }
    if (rank->n < rank->limit)
        rank->n++;
    insert(rank, offer, rank->n - 1);
}

bool
rank_follows(const struct rank *rank)
{
    return rank->n == rank->limit && rank->n != 0 && rank_before(&rank->best[rank->n - 1], &rank->worst);
}
