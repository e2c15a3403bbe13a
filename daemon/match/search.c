// SPDX-License-Identifier: Apache-2.0
// The idea: blocks are taken nearest first. As soon as the page is full, its last score is a floor, and a
// group at a distance needs so much of the interest part to reach it; the sieve finds the slots that have so
// much, 512 at once. These are taken in bands, those with the greatest interest part first, so that the floor
// rises early. What a band lacks to the floor it must have in proximity, which says how far a slot may lie;
// only who is near enough is looked at one by one. When even the full interest part would not reach the
// floor, all that lies further away is passed over. Counting (total, facets) looks at every group, but still
// at bits.
#include "match/search.h"
#include "match/accredited.h"
#include "match/bound.h"
#include "match/pick.h"
#include "match/search_run.h"
#include "store/store.h"
#include <math.h>
#include <string.h>

#define ONE_PER_ROOT 1u
#define AHEAD        SEARCH_AHEAD

// ---- Bands

// The greatest I that a sum in units stands for.
static uint32_t
interest_of_sum(const struct run *run, uint32_t sum)
{
    uint64_t interest = UINT64_C(100) * sum * run->from.unit / run->query->wanted_weight;

    return interest < SCORE_FULL ? (uint32_t)interest : SCORE_FULL;
}

static bool
is_any(const uint64_t bits[SIEVE_WORDS])
{
    uint64_t any = 0;

    for (size_t word = 0; word < SIEVE_WORDS; word++)
        any |= bits[word];
    return any != 0;
}

// The next band of the good slots of a group, those with the greatest interest part first; false: there is
// none.
static bool
next_band(const struct run *run, struct group *group)
{
    struct band *band = &group->band;

    if (!is_any(group->sums.good))
        return false;
    if (run->from.wants && run->weights.interest != 0) { // else the sum decides nothing
        band->sum = sieve_highest(&group->sums, band->bits);
        band->interest = interest_of_sum(run, band->sum);
        return true;
    }
    memcpy(band->bits, group->sums.good, sizeof band->bits);
    memset(group->sums.good, 0, sizeof group->sums.good);
    band->sum = band->interest = 0;
    return true;
}

// Whether a slot of the group's band may still get into the page, and how far it may lie.
static bool
bound_band(struct run *run, struct group *group)
{
    struct band *band = &group->band;

    if (bound_need(run, group->proximity, run->best_transition) > band->sum) {
        run->passed_over = true; // the floor has risen since the sieve was asked, and the rest has less
        return false;
    }
    band->far_square =
        bound_far_square(run, &run->weights, rank_floor(&run->search->matches), band->interest);
    band->rank = &run->search->matches;
    band->most = score_total(&run->weights, band->interest, group->proximity, run->best_transition);
    return true;
}

// Takes the good slots of the group that waits.
static int
take_waiting(struct run *run)
{
    struct group *group = run->waiting;
    struct plan *plan = run->plan;
    int rc = 0;

    if (group == NULL)
        return 0;
    run->waiting = NULL;
    run->plan = group->plan;
    while (rc == 0 && bound_band(run, group)) {
        rc = pick_band(run, group, pick_match);
        if (rc != 0 || !next_band(run, group))
            break;
        pick_approach(run, group);
    }
    run->plan = plan;
    return rc;
}

// Lets the group wait for its memory, and takes the one that has waited.
static int
let_wait(struct run *run, struct group *group)
{
    int rc;

    if (!next_band(run, group) || !bound_band(run, group))
        return 0;
    pick_approach(run, group);
    rc = take_waiting(run);
    run->waiting = group;
    return rc;
}

// ---- A group

static struct group *
start_group(struct run *run, size_t number)
{
    size_t place = run->plan->place->first_group + number;
    struct group *group = &run->groups[run->waiting == &run->groups[0]];

    group->number = number;
    group->plan = run->plan;
    group->seats = run->directory->seats[place];
    group->point = reach_point(run->directory, run->query, place);
    group->proximity = bound_proximity(run, run->plan->place, reach_metres(&run->reach, place));
    return group;
}

// Fills run->match with the slots that pass the filters and, where `bits` says so, are in it.
static void
filter(struct run *run, const struct group *group, const uint64_t *bits)
{
    if (!run->plan->filtered)
        plan_filter(run->plan, &run->from);
    if (run->plan->nobody) {
        memset(run->match, 0, sizeof run->match);
        return;
    }
    if (bits == NULL)
        memset(run->match, 0xFF, sizeof run->match);
    else
        memcpy(run->match, bits, sizeof run->match);
    sieve_filter(&run->plan->sieve, group->number,
                 seats_column(group->seats, run->plan->seat, seats_width(run->plan->sieve.small)),
                 run->match);
}

// Who does not target the query's transition needs more from interests.
static void
raise_need(struct run *run, struct group *group, uint32_t need)
{
    uint32_t others = bound_need(run, group->proximity, SCORE_OPEN_TRANSITION);

    if (others <= need || !is_any(group->sums.good))
        return; // without any good one there are no sums
    run->passed_over = true;
    sieve_raise(&run->plan->sieve, run->plan->transition, group->number, others, &group->sums);
}

// Finds the slots of a group whose sum may reach need and that pass the filters: its sums.good. With whole,
// run->match has all that pass and have a wanted interest. Returns whether there is any of the one or the
// other.
static bool
sift(struct run *run, struct group *group, uint32_t need, bool whole)
{
    if (!run->from.wants) {
        filter(run, group, NULL);
        memcpy(group->sums.good, run->match, sizeof run->match);
        return is_any(run->match);
    }
    run->passed_over = run->passed_over || need > 1;
    if (!sieve_add(&run->plan->sieve, group->number, need, &group->sums) && !whole)
        return false;
    filter(run, group, whole ? group->sums.any : group->sums.good);
    for (size_t word = 0; word < SIEVE_WORDS; word++)
        group->sums.good[word] &= run->match[word];
    return is_any(run->match);
}

// Counts a group: every slot that matches must be known to be eligible.
static int
count_group(struct run *run, struct group *group)
{
    size_t place = run->plan->place->first_group + group->number;
    int rc = 0;

    if (run->plan->checks)
        rc = plan_check_group(run->plan, &run->from, group->seats, group->number, run->match);
    if (rc != 0)
        return rc;
    if (!run->plan->place->remote && !reach_holds_group(run->directory, run->query, place))
        pick_near(run, group);
    for (size_t word = 0; word < SIEVE_WORDS; word++)
        group->sums.good[word] &= run->match[word];
    memcpy(run->counted + group->number * SIEVE_WORDS, run->match, sizeof run->match);
    return 0;
}

// Offers the strangers of a group to the discoveries; the group's band is not needed any more.
static int
discover_in_group(struct run *run, struct group *group)
{
    const struct rank *found = &run->search->discoveries;

    group->band.rank = found;
    group->band.most = score_total(&run->strange_weights, 0, group->proximity, run->best_transition);
    if (rank_is_full(found) && group->band.most < rank_floor(found))
        return 0;
    filter(run, group, NULL);
    if (run->plan->nobody)
        return 0;
    sieve_leave_out(&run->plan->sieve, run->plan->known, group->number, run->match);
    memcpy(group->band.bits, run->match, sizeof group->band.bits);
    group->band.far_square = bound_far_square(run, &run->strange_weights, rank_floor(found), 0);
    pick_approach(run, group);
    return pick_band(run, group, pick_discovery);
}

static uint64_t
cost_of_group(const struct run *run)
{
    return SEARCH_GROUP + run->plan->sieve.n_wanted * SEARCH_COLUMN + (run->counts ? SEARCH_COUNTED : 0);
}

// Looks at a group for the page, the counts and the discoveries.
static int
look_at_group(struct run *run, size_t number)
{
    struct group *group = start_group(run, number);
    uint32_t need = bound_need(run, group->proximity, run->best_transition);
    bool hopeless = need == BOUND_OUT_OF_REACH || (run->from.wants && need > run->plan->most);
    int rc = effort_spend(run->search->effort, cost_of_group(run));

    if (rc != 0)
        return rc;
    if (hopeless)
        run->passed_over = true;
    if ((!hopeless || run->counts) && sift(run, group, need, run->counts)) {
        if (run->counts)
            rc = count_group(run, group);
        if (run->from.wants && run->query->transition != 0)
            raise_need(run, group, need);
        if (rc == 0 && !hopeless)
            rc = let_wait(run, group);
    }
    if (rc == 0 && run->from.discovers)
        rc = take_waiting(run);
    if (rc == 0 && run->from.discovers)
        rc = discover_in_group(run, group);
    return rc;
}

// Looks whether a group has an eligible offer that comes behind the page.
static int
look_behind(struct run *run, size_t number)
{
    struct group *group = start_group(run, number);
    int rc = effort_spend(run->search->effort, cost_of_group(run));

    if (rc != 0 || !sift(run, group, 0, false))
        return rc;
    group->band.rank = NULL;
    while (rc == 0 && next_band(run, group)) {
        group->band.far_square = INFINITY;
        pick_approach(run, group);
        rc = pick_band(run, group, pick_behind);
    }
    return rc;
}

// ---- All blocks

// Whether nothing that lies so far away (or further) can change the result.
static bool
is_done(const struct run *run, uint32_t proximity)
{
    const struct search *search = run->search;
    uint32_t most = score_total(&run->strange_weights, 0, proximity, run->best_transition);

    if (run->counts || !rank_is_full(&search->matches))
        return false;
    if (run->query->discover != 0 && run->query->n_wanted != 0 &&
        (!rank_is_full(&search->discoveries) || most >= rank_floor(&search->discoveries)))
        return false;
    return bound_need(run, proximity, run->best_transition) > (uint64_t)run->from.most;
}

static const struct directory_block *
block_at(const struct run *run, size_t i)
{
    return &run->directory->blocks[run->reach.blocks[i].number];
}

// Brings the blocks that follow a step nearer: what one step calls for is there when the next one reads it.
static int
plan_ahead(struct run *run, size_t i)
{
    // The eldest plan is about to be used for another block.
    if (run->waiting != NULL && run->waiting->plan == &run->plans[(i + AHEAD - 2) % AHEAD]) {
        int rc = take_waiting(run);

        if (rc != 0)
            return rc;
    }
    if (i + AHEAD - 1 < run->reach.n)
        plan_approach(block_at(run, i + AHEAD - 1));
    if (i + AHEAD - 2 < run->reach.n)
        plan_find(&run->plans[(i + AHEAD - 2) % AHEAD], &run->from, block_at(run, i + AHEAD - 2));
    if (i + AHEAD - 3 < run->reach.n)
        plan_wanted(&run->plans[(i + AHEAD - 3) % AHEAD], &run->from, run->directory);
    return 0;
}

static void
plan_first(struct run *run)
{
    for (size_t i = 0; i < AHEAD - 1 && i < run->reach.n; i++)
        plan_approach(block_at(run, i));
    for (size_t i = 0; i < AHEAD - 2 && i < run->reach.n; i++)
        plan_find(&run->plans[i], &run->from, block_at(run, i));
    if (run->reach.n != 0)
        plan_wanted(&run->plans[0], &run->from, run->directory);
}

// Adds the eligible slots of a block to the total and the facets. A column is read from end to end, as it
// lies.
static void
count_block(struct run *run)
{
    const struct block *block = &run->plan->block;
    uint32_t count = sieve_count(run->counted, (const uint8_t *)run->counted, NULL, block->header->words);

    run->search->total += count;
    if (count != 0 && run->search->facets != NULL)
        facets_count(run->search->facets, block, run->counted);
}

static int
look_at_block(struct run *run, int (*look)(struct run *run, size_t group))
{
    const struct directory_block *block = run->plan->place;
    int rc = effort_spend(run->search->effort, SEARCH_BLOCK);

    if (rc != 0 || (run->from.wants && run->plan->sieve.n_wanted == 0 && !run->from.discovers))
        return rc;
    memset(run->counted, 0, run->counts ? block_column_bytes(&run->plan->block) : 0);
    for (size_t group = 0; group < block->groups && rc == 0; group++)
        if (block->remote || reach_touches_group(&run->reach, run->query, block->first_group + group))
            rc = look(run, group);
    if (rc == 0 && run->counts)
        count_block(run);
    return rc;
}

// A search that counts looks at every group in reach, so it is known before what it costs at least.
static int
foresee(const struct run *run)
{
    uint64_t groups = 0;

    for (size_t i = 0; i < run->reach.n && run->counts; i++)
        groups += block_at(run, i)->groups;
    return effort_foresee(run->search->effort, groups * (SEARCH_GROUP + SEARCH_COUNTED));
}

static int
walk(struct run *run, int (*look)(struct run *run, size_t group), bool whole)
{
    plan_first(run);
    for (size_t i = 0; i < run->reach.n; i++) {
        uint32_t nearest = run->reach.blocks[i].nearest;
        int rc = plan_ahead(run, i);

        if (rc != 0)
            return rc;
        run->plan = &run->plans[i % AHEAD];
        if (!whole && is_done(run, bound_proximity(run, block_at(run, i), nearest))) {
            run->passed_over = true;
            if (is_done(run, score_proximity(run->query, reach_edge(run->query, nearest))))
                return 0;
            continue;
        }
        rc = look_at_block(run, look);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int
prepare(struct run *run)
{
    struct search *search = run->search;
    const struct query *query = run->query;
    struct accredited *accredited = NULL;
    int rc = txn_directory(search->txn, &run->directory);

    if (rc == 0)
        rc = reach_find(run->directory, query, search->arena, &run->reach);
    if (rc == 0)
        rc = rank_init(&search->matches, search->arena, query->limit, query->max_per_partner);
    if (rc == 0)
        rc = rank_init(&search->discoveries, search->arena, query->discover, ONE_PER_ROOT);
    if (rc != 0)
        return rc;
    if (query->qualification != 0 &&
        (accredited = accredited_new(search->txn, search->arena, query->qualification, query->as_of)) == NULL)
        return STORE_FAULT_MEMORY;
    if (accredited != NULL)
        accredited_bound(accredited, search->effort);
    if (query->facets && (search->facets = facets_new(query->catalog, search->arena)) == NULL)
        return STORE_FAULT_MEMORY;
    plan_query_init(&run->from, query, accredited);
    run->weights = score_weights(query, true);
    run->strange_weights = score_weights(query, false);
    run->best_transition = query->transition != 0 ? SCORE_FULL : 0;
    run->counts = query->want_total || query->facets;
    run->passed_over = false;
    run->waiting = NULL;
    return 0;
}

int
search_run(struct search *search)
{
    struct run *run = arena_take_aligned(search->arena, sizeof *run, _Alignof(struct run));
    int rc;

    if (run == NULL)
        return STORE_FAULT_MEMORY;
    run->search = search;
    run->query = search->query;
    rc = prepare(run);
    if (rc == 0)
        rc = foresee(run);
    if (rc == 0)
        rc = walk(run, look_at_group, false);
    if (rc == 0)
        rc = take_waiting(run);
    if (rc != 0)
        return rc;
    search->follows = rank_follows(&search->matches);
    if (!search->follows && rank_is_full(&search->matches) && run->passed_over)
        rc = walk(run, look_behind, true);
    return rc == PICK_ENDS ? 0 : rc;
}
