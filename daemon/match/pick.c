// SPDX-License-Identifier: Apache-2.0
// The slots that the sieve let through, one by one: distance, the checks that are not bits, score, rank. A
// slot whose least distance is too far for the floor is passed over before its distance is worked out; so is
// one whose score can be at most equal to the floor and whose tie key loses.
#include "match/pick.h"
#include "store/offer_row.h"
#include "store/store.h"

static bool
is_in_reach(const struct run *run, struct slot *slot)
{
    if (run->plan->place->remote) {
        slot->proximity = SCORE_REMOTE_PROXIMITY;
        slot->distance = 0;
        return true;
    }
    slot->distance = geo_from_distance_m(&run->query->origin, run->plan->block.slots[slot->place].point);
    if (run->query->radius_m != 0 && slot->distance > run->query->radius_m)
        return false;
    slot->proximity = score_proximity(run->query, slot->distance);
    return true;
}

// Whether the offer passes all that the sieve can not see. 0 or a store fault.
static int
is_eligible(const struct run *run, struct slot *slot, bool *eligible)
{
    *eligible = is_in_reach(run, slot);
    if (!*eligible || !run->plan->checks)
        return 0;
    return plan_check(run->plan, &run->from, slot->seats, slot->place, eligible);
}

static struct ranked
rank_slot(const struct run *run, const struct score_weights *weights, const struct slot *slot,
          uint32_t interest)
{
    uint64_t offer = run->plan->block.slots[slot->place].offer;
    uint32_t transition = plan_transition(run->plan, run->query, slot->place);

    return (struct ranked){
        .score = score_total(weights, interest, slot->proximity, transition),
        .distance_m = slot->distance,
        .interest = (uint16_t)interest,
        .proximity = (uint16_t)slot->proximity,
        .transition = (uint16_t)transition,
        .remote = run->plan->place->remote,
        .all_seats = plan_all_seats(run->plan, run->query, slot->place),
        .small = run->plan->sieve.small,
        .slot = slot->place % BLOCK_GROUP,
        .seats = slot->seats,
        .mix = rank_mix(offer, run->query->tie_seed),
        .offer_id = offer,
    };
}

// I of a slot.
static uint32_t
interest_of(const struct run *run, const struct slot *slot)
{
    uint64_t sum = run->from.wants ? plan_sum(run->plan, run->query, slot->place) : 0;

    return run->from.wants ? (uint32_t)(100 * sum / run->query->wanted_weight) : 0;
}

int
pick_match(struct run *run, const struct slot *slot)
{
    struct search *search = run->search;
    struct ranked ranked = rank_slot(run, &run->weights, slot, interest_of(run, slot));

    if (search->matches.cap != 0)
        ranked.group = run->plan->block.partners[slot->place];
    if (!search->continues || rank_before(&search->after, &ranked))
        rank_add(&search->matches, &ranked);
    return 0;
}

int
pick_discovery(struct run *run, const struct slot *slot)
{
    struct ranked ranked = rank_slot(run, &run->strange_weights, slot, 0);
    const struct rank *found = &run->search->discoveries;
    const struct interest *first;
    struct offer_row row;
    int rc;

    if (rank_is_full(found) && !rank_before(&ranked, &found->best[found->n - 1]))
        return 0;
    rc = effort_spend(run->search->effort, SEARCH_ROW);
    if (rc == 0)
        rc = offer_row_get(run->search->txn, ranked.offer_id, &row);
    if (rc != 0)
        return rc == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : rc;
    first = catalog_interest(run->query->catalog, row.interests[0]);
    ranked.group = first == NULL ? 0 : first->root;
    rank_add(&run->search->discoveries, &ranked);
    return 0;
}

int
pick_behind(struct run *run, const struct slot *slot)
{
    struct search *search = run->search;
    struct ranked ranked = rank_slot(run, &run->weights, slot, interest_of(run, slot));

    if (search->continues && !rank_before(&search->after, &ranked))
        return 0;
    search->follows = rank_before(&search->matches.best[search->matches.n - 1], &ranked);
    return search->follows ? PICK_ENDS : 0;
}

// ---- A band

void
pick_approach(struct run *run, struct group *group)
{
    struct band *band = &group->band;
    size_t first = group->number * BLOCK_GROUP;
    const struct block_box *boxes = run->plan->block.boxes + group->number * SIEVE_WORDS;

    for (size_t word = 0; word < SIEVE_WORDS; word++) {
        if (band->bits[word] == 0)
            continue;
        if (!run->plan->place->remote && reach_box_square(&group->point, &boxes[word]) > band->far_square) {
            run->passed_over = true;
            band->bits[word] = 0;
            continue;
        }
        for (uint64_t rest = band->bits[word]; rest != 0; rest &= rest - 1)
            plan_call_for_slot(run->plan, first + word * 64 + (size_t)__builtin_ctzll(rest));
    }
}

// Whether the offer can not come before the last of a full rank: it has at most the same score, and then the
// tie key decides. So where all scores are the same, hardly anything else is asked of an offer.
static bool
is_beaten(const struct run *run, const struct band *band, size_t place)
{
    const struct rank *rank = band->rank;

    if (rank == NULL || rank->n == 0 || !rank_is_full(rank) || band->most > rank_floor(rank))
        return false;
    return band->most < rank_floor(rank) ||
           rank_mix(run->plan->block.slots[place].offer, run->query->tie_seed) > rank->best[rank->n - 1].mix;
}

static int
take_slot(struct run *run, const struct group *group, size_t in_group, pick_taker *take)
{
    struct slot slot = {.place = group->number * BLOCK_GROUP + in_group, .seats = group->seats};
    struct geo_point point = run->plan->block.slots[slot.place].point;
    bool eligible;
    int rc;

    if ((!run->plan->place->remote && reach_least_square(&group->point, point) > group->band.far_square) ||
        is_beaten(run, &group->band, slot.place)) {
        run->passed_over = true;
        return 0;
    }
    rc = effort_spend(run->search->effort, SEARCH_TAKEN);
    if (rc == 0)
        rc = is_eligible(run, &slot, &eligible);
    return rc == 0 && eligible ? take(run, &slot) : rc;
}

int
pick_band(struct run *run, const struct group *group, pick_taker *take)
{
    uint64_t slots = 0;
    int rc;

    for (size_t word = 0; word < SIEVE_WORDS; word++)
        slots += (uint64_t)__builtin_popcountll(group->band.bits[word]);
    rc = effort_spend(run->search->effort, SEARCH_BAND + SEARCH_SLOT * slots);
    for (size_t word = 0; word < SIEVE_WORDS; word++) {
        for (uint64_t rest = group->band.bits[word]; rest != 0; rest &= rest - 1) {
            if (rc != 0)
                return rc;
            rc = take_slot(run, group, word * 64 + (size_t)__builtin_ctzll(rest), take);
        }
    }
    return rc;
}

void
pick_near(struct run *run, const struct group *group)
{
    for (size_t word = 0; word < SIEVE_WORDS; word++) {
        for (uint64_t rest = run->match[word]; rest != 0; rest &= rest - 1) {
            size_t in_group = word * 64 + (size_t)__builtin_ctzll(rest);
            struct slot slot = {.place = group->number * BLOCK_GROUP + in_group};

            if (!is_in_reach(run, &slot))
                run->match[word] &= ~(rest & -rest);
        }
    }
}
