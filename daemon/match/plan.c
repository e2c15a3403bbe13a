// SPDX-License-Identifier: Apache-2.0
// Every filter of MATCHING is here in one of two forms: as sets of columns for the sieve, or as a check of a
// slot's numbers, which is left out where the least and greatest number of the block already decide.
#include "match/plan.h"
#include "match/accredited.h"
#include "match/score.h"
#include "store/catalog.h"
#include <string.h>

static const uint32_t similarities[SIEVE_STEPS] = {100, 60, 30};

static uint32_t
divide_up(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

static void
count_in_units(struct plan_query *out, const struct query *query)
{
    // Each of the interests may be rounded up by one.
    out->unit = divide_up(query->wanted_weight * similarities[0], SIEVE_SUM_MAX - query->n_wanted);
    out->most = 0;
    for (uint32_t i = 0; i < query->n_wanted; i++) {
        for (unsigned step = 0; step < SIEVE_STEPS; step++) {
            uint32_t adds = divide_up(query->wanted[i].weight * similarities[step], out->unit);

            out->adds[i][step] = adds;
            for (unsigned plane = 0; plane < SIEVE_PLANES; plane++)
                out->masks[i][step][plane] = -(uint64_t)(adds >> plane & 1);
        }
        out->most += out->adds[i][0];
    }
}

void
plan_query_init(struct plan_query *out, const struct query *query, struct accredited *accredited)
{
    out->query = query;
    out->accredited = accredited;
    out->wants = query->n_wanted != 0;
    out->discovers = out->wants && query->discover != 0;
    out->end_from = query->as_of > query->from ? query->as_of : query->from;
    if (out->wants)
        count_in_units(out, query);
}

// ---- Sets of columns

static void
add_column(struct sieve *sieve, struct sieve_set *set, const uint8_t *column)
{
    if (column == NULL)
        return;
    sieve->columns[sieve->n_columns++] = column;
    set->count++;
}

static struct sieve_set
start_set(const struct sieve *sieve)
{
    return (struct sieve_set){.first = (uint16_t)sieve->n_columns};
}

// Requires one of a set that may be empty, which then nobody has.
static bool
require(struct sieve *sieve, struct sieve_set set)
{
    sieve->filters[sieve->n_filters++] = set;
    return set.count != 0;
}

// Requires a value of a mask (all: 0). With `zero`, offers that name none pass.
static bool
require_mask(struct plan *plan, enum block_class class, uint32_t mask, bool zero)
{
    struct sieve_set set = start_set(&plan->sieve);

    if (mask == 0)
        return true;
    if (zero)
        add_column(&plan->sieve, &set, block_column(&plan->block, class, 0));
    for (; mask != 0; mask &= mask - 1)
        add_column(&plan->sieve, &set, block_column(&plan->block, class, (uint32_t)__builtin_ctz(mask) + 1));
    return require(&plan->sieve, set);
}

static bool
require_needs(struct plan *plan, uint32_t mask)
{
    for (; mask != 0; mask &= mask - 1) // all of them, one by one
        if (!require_mask(plan, BLOCK_NEED, mask & -mask, false))
            return false;
    return true;
}

static bool
require_languages(struct plan *plan, const struct query *query)
{
    struct sieve_set set = start_set(&plan->sieve);

    for (uint32_t i = 0; i < query->n_languages; i++)
        add_column(&plan->sieve, &set, block_column(&plan->block, BLOCK_LANGUAGE, query->languages[i]));
    return query->n_languages == 0 || require(&plan->sieve, set);
}

// There may be many municipalities in a block, so they are put together into a column of the plan's own.
static bool
require_region(struct plan *plan, const struct query *query)
{
    const struct block *block = &plan->block;
    size_t bytes = block_column_bytes(block), inside = 0;
    size_t first = block->header->first[BLOCK_MUNICIPALITY],
           behind = block->header->first[BLOCK_MUNICIPALITY + 1];
    struct sieve_set set = start_set(&plan->sieve);

    if (query->covered == NULL)
        return true;
    for (size_t i = first; i < behind; i++) {
        uint32_t id = block->ids[i];

        if (id >= query->n_regions || !query->covered[id])
            continue;
        if (inside++ == 0)
            memset(plan->covered, 0, bytes);
        for (size_t byte = 0; byte < bytes; byte++)
            plan->covered[byte] |= block_column_at(block, i)[byte];
    }
    if (inside == behind - first)
        return true;
    add_column(&plan->sieve, &set, inside == 0 ? NULL : plan->covered);
    return require(&plan->sieve, set);
}

// Which bit of the seats stands for a free seat. Where a reserve may have opened, that is asked slot by slot.
static void
choose_seat(struct plan *plan, const struct query *query)
{
    plan->check_reserve = !query->referred && plan->block.header->least[BLOCK_RESERVED_UNTIL] < query->as_of;
    plan->seat = query->referred || plan->check_reserve ? SEATS_REFERRED : SEATS_GENERAL;
}

// ---- Interests

static void
add_wanted(struct plan *plan, const struct plan_query *from, uint32_t number)
{
    const struct query_wanted *wanted = &from->query->wanted[number];
    struct sieve *sieve = &plan->sieve;
    struct sieve_wanted *out = &sieve->wanted[sieve->n_wanted];
    unsigned best = SIEVE_STEPS;

    out->sets[0] = start_set(sieve);
    add_column(sieve, &out->sets[0], block_ranked(&plan->block, BLOCK_INTEREST, wanted->id));
    add_column(sieve, &out->sets[0], block_ranked(&plan->block, BLOCK_BELOW, wanted->id));
    out->sets[1] = start_set(sieve);
    for (unsigned above = 0; above < wanted->n_above; above++)
        add_column(sieve, &out->sets[1], block_ranked(&plan->block, BLOCK_INTEREST, wanted->above[above]));
    out->sets[2] = start_set(sieve);
    if (wanted->n_above != 0)
        add_column(sieve, &out->sets[2], block_ranked(&plan->block, BLOCK_CHILD, wanted->above[0]));
    for (unsigned step = SIEVE_STEPS; step-- > 0;)
        if (out->sets[step].count != 0)
            best = step;
    if (best == SIEVE_STEPS)
        return; // nobody in the block meets it
    out->adds = from->masks[number];
    out->whole = out->sets[1].count == 0 && out->sets[2].count == 0;
    plan->most += from->adds[number][best];
    plan->numbers[sieve->n_wanted++] = (uint8_t)number;
}

static void
call_for_ranks(const struct block *block, enum block_class class, uint32_t id)
{
    const struct block_ranks *ranks = block_ranks(block, class, id);

    if (ranks != NULL)
        CALL_FOR(ranks);
}

void
plan_approach(const struct directory_block *place)
{
    for (size_t at = 0; at < sizeof(struct block_header); at += BLOCK_LINE)
        CALL_FOR((const uint8_t *)place->body + at);
}

void
plan_find(struct plan *plan, const struct plan_query *from, const struct directory_block *place)
{
    const struct query *query = from->query;

    plan->place = place;
    plan->block = block_open(place->body);
    for (uint32_t i = 0; i < query->n_wanted; i++) {
        const struct query_wanted *wanted = &query->wanted[i];

        call_for_ranks(&plan->block, BLOCK_INTEREST, wanted->id);
        call_for_ranks(&plan->block, BLOCK_BELOW, wanted->id);
        for (unsigned above = 0; above < wanted->n_above; above++)
            call_for_ranks(&plan->block, BLOCK_INTEREST, wanted->above[above]);
        if (wanted->n_above != 0)
            call_for_ranks(&plan->block, BLOCK_CHILD, wanted->above[0]);
    }
}

// Calls for the bits that will be looked at: the columns of all groups, and their seats.
static void
call_for_columns(const struct plan *plan, const struct plan_query *from, const struct directory *directory)
{
    const struct sieve *sieve = &plan->sieve;
    enum seats_bit seat = from->query->referred ? SEATS_REFERRED : SEATS_GENERAL;

    for (size_t group = 0; group < plan->place->groups; group++) {
        CALL_FOR(&plan->block.boxes[group * SIEVE_WORDS]);
        CALL_FOR(&plan->block.boxes[group * SIEVE_WORDS + 4]);
        for (size_t i = 0; i < sieve->n_columns; i++)
            CALL_FOR(sieve->columns[i] + group * BLOCK_GROUP_BYTES);
        CALL_FOR(seats_column(directory->seats[plan->place->first_group + group], seat,
                              seats_width(sieve->small)));
    }
}

void
plan_wanted(struct plan *plan, const struct plan_query *from, const struct directory *directory)
{
    struct sieve *sieve = &plan->sieve;

    plan->most = 0;
    plan->filtered = false;
    sieve->n_columns = sieve->n_filters = sieve->n_wanted = 0;
    sieve->small = plan->block.header->words == 1;
    for (uint32_t i = 0; i < from->query->n_wanted; i++)
        add_wanted(plan, from, i);
    call_for_columns(plan, from, directory);
}

static void
add_known_roots(struct plan *plan, const struct query *query)
{
    struct sieve *sieve = &plan->sieve;

    plan->known = start_set(sieve);
    for (uint32_t i = 0; i < query->n_wanted; i++) {
        uint16_t root = query->wanted[i].root;
        bool again = false;

        for (uint32_t j = 0; j < i; j++)
            again = again || query->wanted[j].root == root;
        if (again)
            continue;
        add_column(sieve, &plan->known, block_column(&plan->block, BLOCK_INTEREST, root));
        add_column(sieve, &plan->known, block_column(&plan->block, BLOCK_BELOW, root));
    }
}

// ---- Numbers

static void
add_checked(struct plan *plan, bool check, enum block_field field)
{
    uint32_t at = plan->block.header->at_fields[field];

    if (check && at != 0)
        plan->checked[plan->n_checked++] = (const void *)((const uint8_t *)plan->block.header + at);
}

// Lists the arrays that plan_check reads.
static void
list_checked(struct plan *plan)
{
    plan->n_checked = 0;
    add_checked(plan, plan->check_cost, BLOCK_COST);
    add_checked(plan, plan->check_end, BLOCK_END);
    add_checked(plan, plan->check_start, BLOCK_START);
    add_checked(plan, plan->check_deadline, BLOCK_DEADLINE);
    add_checked(plan, plan->check_age, BLOCK_MIN_AGE);
    add_checked(plan, plan->check_age, BLOCK_MAX_AGE);
    add_checked(plan, plan->check_reserve, BLOCK_RESERVED_UNTIL);
}

// Whether the block's bounds leave anyone; sets which numbers must be looked at.
static bool
bound_numbers(struct plan *plan, const struct plan_query *from)
{
    const struct query *query = from->query;
    const int32_t *least = plan->block.header->least, *most = plan->block.header->most;
    int32_t age = query->age == QUERY_AGE_NONE ? 0 : (int32_t)query->age;

    plan->check_end = least[BLOCK_END] < from->end_from;
    plan->check_deadline = least[BLOCK_DEADLINE] < query->as_of;
    plan->check_start = most[BLOCK_START] > query->to;
    plan->check_cost = query->has_max_cost && most[BLOCK_COST] > (int32_t)query->max_cost_cents;
    plan->check_age =
        query->age != QUERY_AGE_NONE && (most[BLOCK_MIN_AGE] > age || least[BLOCK_MAX_AGE] < age);
    plan->internship = from->accredited == NULL ? NULL
                                                : block_column(&plan->block, BLOCK_KIND,
                                                               KANSEN__V1__OFFER_KIND__OFFER_KIND_INTERNSHIP);
    plan->check_accreditation = plan->internship != NULL;
    plan->checks = plan->check_end || plan->check_deadline || plan->check_start || plan->check_cost ||
                   plan->check_age || plan->check_reserve || plan->check_accreditation;
    list_checked(plan);
    return most[BLOCK_END] >= from->end_from && most[BLOCK_DEADLINE] >= query->as_of &&
           least[BLOCK_START] <= query->to;
}

static void
find_funds(struct plan *plan, const struct query *query)
{
    for (uint32_t i = 0; i < query->n_funds && plan->check_cost; i++) {
        const uint8_t *column = block_column(&plan->block, BLOCK_FUND, query->funds[i]);

        if (column != NULL)
            plan->funds[plan->n_funds++] = column;
    }
}

void
plan_filter(struct plan *plan, const struct plan_query *from)
{
    const struct query *query = from->query;

    plan->filtered = true;
    plan->n_funds = 0;
    choose_seat(plan, query);
    plan->nobody = !bound_numbers(plan, from) || !require_mask(plan, BLOCK_KIND, query->kinds, false) ||
                   !require_mask(plan, BLOCK_PARTNER_KIND, query->partner_kinds, false) ||
                   !require_mask(plan, BLOCK_LEVEL, query->levels, true) ||
                   !require_mask(plan, BLOCK_WEEKDAY, query->weekdays, true) ||
                   !require_needs(plan, query->needs) || !require_languages(plan, query) ||
                   !require_region(plan, query);
    if (plan->nobody)
        return;
    find_funds(plan, query);
    if (from->discovers)
        add_known_roots(plan, query);
    plan->transition = plan->open_transition = NULL;
    if (query->transition != 0) {
        plan->transition = block_column(&plan->block, BLOCK_TRANSITION, query->transition);
        plan->open_transition = block_column(&plan->block, BLOCK_TRANSITION, 0);
    }
}

// ---- Slots

static bool
is_paid_for(const struct plan *plan, size_t slot)
{
    for (size_t i = 0; i < plan->n_funds; i++)
        if (block_bit(plan->funds[i], slot))
            return true;
    return false;
}

bool
plan_all_seats(const struct plan *plan, const struct query *query, size_t slot)
{
    return query->referred ||
           (plan->check_reserve && block_field(&plan->block, BLOCK_RESERVED_UNTIL, slot) < query->as_of);
}

// Whether a seat is free for the query, where the sieve has seen only that one is free for a referred
// student.
static bool
has_seat(const struct plan *plan, const struct query *query, const uint8_t *seats, size_t slot)
{
    return seats_free(seats, seats_width(plan->sieve.small), plan_all_seats(plan, query, slot),
                      slot % BLOCK_GROUP) != 0;
}

int
plan_check(const struct plan *plan, const struct plan_query *from, const uint8_t *seats, size_t slot,
           bool *passes)
{
    const struct query *query = from->query;
    const struct block *block = &plan->block;
    int32_t age = (int32_t)query->age;

    *passes = (!plan->check_cost || block_field(block, BLOCK_COST, slot) <= (int32_t)query->max_cost_cents ||
               is_paid_for(plan, slot)) &&
              (!plan->check_end || block_field(block, BLOCK_END, slot) >= from->end_from) &&
              (!plan->check_start || block_field(block, BLOCK_START, slot) <= query->to) &&
              (!plan->check_deadline || block_field(block, BLOCK_DEADLINE, slot) >= query->as_of) &&
              (!plan->check_age || (block_field(block, BLOCK_MIN_AGE, slot) <= age &&
                                    block_field(block, BLOCK_MAX_AGE, slot) >= age)) &&
              (!plan->check_reserve || has_seat(plan, query, seats, slot));
    if (*passes && plan->check_accreditation && block_bit(plan->internship, slot))
        return accredited_ask(from->accredited, block->partners[slot], passes);
    return 0;
}

// ---- Groups

static void
bound_field(const struct plan *plan, enum block_field field, size_t group, int32_t least, int32_t most,
            uint64_t bits[SIEVE_WORDS])
{
    uint32_t at = plan->block.header->at_fields[field];
    const int32_t *values = (const void *)((const uint8_t *)plan->block.header + at);

    if (at != 0)
        sieve_bound(values + group * BLOCK_GROUP, plan->sieve.small ? BLOCK_SMALL_SLOTS : BLOCK_GROUP, least,
                    most, bits);
    else if (plan->block.header->least[field] < least || plan->block.header->least[field] > most)
        memset(bits, 0, SIEVE_WORDS * sizeof bits[0]);
}

static void
bound_cost(const struct plan *plan, const struct query *query, size_t group, uint64_t bits[SIEVE_WORDS])
{
    uint64_t cheap[SIEVE_WORDS];

    memcpy(cheap, bits, sizeof cheap);
    bound_field(plan, BLOCK_COST, group, 0, (int32_t)query->max_cost_cents, cheap);
    for (size_t word = 0; word < SIEVE_WORDS; word++)
        for (uint64_t rest = bits[word] & ~cheap[word]; rest != 0; rest &= rest - 1)
            if (!is_paid_for(plan, group * BLOCK_GROUP + word * 64 + (size_t)__builtin_ctzll(rest)))
                bits[word] &= ~(rest & -rest);
}

static int
check_slots(const struct plan *plan, const struct plan_query *from, const uint8_t *seats, size_t group,
            uint64_t bits[SIEVE_WORDS])
{
    for (size_t word = 0; word < SIEVE_WORDS; word++) {
        for (uint64_t rest = bits[word]; rest != 0; rest &= rest - 1) {
            size_t slot = group * BLOCK_GROUP + word * 64 + (size_t)__builtin_ctzll(rest);
            bool passes;
            int rc = plan_check(plan, from, seats, slot, &passes);

            if (rc != 0)
                return rc;
            if (!passes)
                bits[word] &= ~(rest & -rest);
        }
    }
    return 0;
}

int
plan_check_group(const struct plan *plan, const struct plan_query *from, const uint8_t *seats, size_t group,
                 uint64_t bits[SIEVE_WORDS])
{
    const struct query *query = from->query;
    int32_t age = (int32_t)query->age;

    if (plan->check_end)
        bound_field(plan, BLOCK_END, group, from->end_from, INT32_MAX, bits);
    if (plan->check_start)
        bound_field(plan, BLOCK_START, group, INT32_MIN, query->to, bits);
    if (plan->check_deadline)
        bound_field(plan, BLOCK_DEADLINE, group, query->as_of, INT32_MAX, bits);
    if (plan->check_age) {
        bound_field(plan, BLOCK_MIN_AGE, group, INT32_MIN, age, bits);
        bound_field(plan, BLOCK_MAX_AGE, group, age, INT32_MAX, bits);
    }
    if (plan->check_cost)
        bound_cost(plan, query, group, bits);
    return plan->check_reserve || plan->check_accreditation ? check_slots(plan, from, seats, group, bits) : 0;
}

static bool
is_in_set(const struct sieve *sieve, struct sieve_set set, size_t slot)
{
    for (unsigned i = 0; i < set.count; i++)
        if (block_bit(sieve->columns[set.first + i], slot))
            return true;
    return false;
}

uint32_t
plan_sum(const struct plan *plan, const struct query *query, size_t slot)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < plan->sieve.n_wanted; i++) {
        const struct sieve_wanted *wanted = &plan->sieve.wanted[i];
        unsigned step = 0;

        while (step < SIEVE_STEPS &&
               (wanted->sets[step].count == 0 || !is_in_set(&plan->sieve, wanted->sets[step], slot)))
            step++;
        if (step < SIEVE_STEPS)
            sum += query->wanted[plan->numbers[i]].weight * similarities[step];
    }
    return sum;
}

uint32_t
plan_transition(const struct plan *plan, const struct query *query, size_t slot)
{
    if (query->transition == 0)
        return 0;
    if (plan->transition != NULL && block_bit(plan->transition, slot))
        return SCORE_FULL;
    return plan->open_transition != NULL && block_bit(plan->open_transition, slot) ? SCORE_OPEN_TRANSITION
                                                                                   : 0;
}
