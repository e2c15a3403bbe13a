// SPDX-License-Identifier: Apache-2.0
// What a query asks of one block: which of its columns stand for what is wanted, and which numbers must be
// looked at slot by slot because the block's bounds do not decide.
#ifndef MATCH_PLAN_H
#define MATCH_PLAN_H

#include "base/attr.h"
#include "match/query.h"
#include "match/sieve.h"
#include "store/block.h"
#include "store/directory.h"
#include "store/seats.h"

struct accredited;

// The parts of a query that are the same for every block; made once.
struct plan_query {
    const struct query *query;
    struct accredited *accredited; // NULL without a qualification
    bool wants, discovers;
    // A sum is counted in units so large that the sieve can hold it, and rounded up: what the sieve says is
    // the most that a slot can have.
    uint32_t unit;                                                  // percent times weight
    uint32_t most;                                                  // greatest sum, in units
    uint32_t adds[QUERY_INTERESTS_MAX][SIEVE_STEPS];                // units, for similarity 100, 60 and 30
    uint64_t masks[QUERY_INTERESTS_MAX][SIEVE_STEPS][SIEVE_PLANES]; // the same as the sieve wants it
    int32_t end_from;                                               // an offer must not end before
};

void plan_query_init(struct plan_query *out, const struct query *query, struct accredited *accredited);

struct plan {
    struct block block;
    const struct directory_block *place;
    struct sieve sieve;
    uint32_t most;                        // greatest sum that a slot of this block can have, in units
    uint8_t numbers[QUERY_INTERESTS_MAX]; // of the sieve's wanted interests, in the query
    // The rest by plan_filter.
    bool filtered;
    bool nobody; // can match
    bool checks; // some of these must be asked of each slot
    bool check_cost, check_start, check_end, check_deadline, check_age, check_reserve, check_accreditation;
    const int32_t *checked[BLOCK_FIELDS]; // the arrays of the numbers that these look at
    size_t n_checked;
    enum seats_bit seat;                   // what a slot must have
    const uint8_t *internship;             // column of that kind
    const uint8_t *funds[QUERY_FUNDS_MAX]; // columns of the funds that would pay
    size_t n_funds;
    const uint8_t *transition, *open_transition; // columns: targets the query's; targets none. NULL: nobody
    struct sieve_set known;                      // with discover: columns of the roots that were asked for
    uint8_t covered[BLOCK_SLOTS / 8];            // column: lies in the query's region
};

// A block is planned in steps, some blocks ahead of its turn, so that its bytes come into the cache
// meanwhile: each step calls for the memory that the next one reads.
void plan_approach(const struct directory_block *place);
void plan_find(struct plan *plan, const struct plan_query *query, const struct directory_block *place);
void plan_wanted(struct plan *plan, const struct plan_query *query, const struct directory *directory);

// The filters of a block, which most blocks are not asked for.
void plan_filter(struct plan *plan, const struct plan_query *query);

// Calls for the memory that a look at a slot reads.
static inline void
plan_call_for_slot(const struct plan *plan, size_t slot)
{
    CALL_FOR(&plan->block.slots[slot]);
    for (size_t i = 0; i < plan->n_checked; i++)
        CALL_FOR(&plan->checked[i][slot]);
}

// Whether a slot that passed the sieve passes what must be asked of each slot; *passes is set. seats are
// those of its group. 0 or a store fault. Distance is the caller's.
int plan_check(const struct plan *plan, const struct plan_query *query, const uint8_t *seats, size_t slot,
               bool *passes);

// The same for all slots of a group: clears the bits of those that do not pass. 0 or a store fault.
int plan_check_group(const struct plan *plan, const struct plan_query *query, const uint8_t *seats,
                     size_t group, uint64_t bits[SIEVE_WORDS]);

// Whether the query sees all free seats of a slot, not only those that are not held for others.
bool plan_all_seats(const struct plan *plan, const struct query *query, size_t slot);

// The interest sum of a slot, in percent times weight: exactly.
uint32_t plan_sum(const struct plan *plan, const struct query *query, size_t slot);

// Part T of a slot.
uint32_t plan_transition(const struct plan *plan, const struct query *query, size_t slot);

#endif
