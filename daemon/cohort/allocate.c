// SPDX-License-Identifier: Apache-2.0
// Each student proposes down its list; who is pushed out goes on from where it was. An offer keeps its
// holders in two max-heaps, the referred and the others, whose tops are the worst of each kind, and the
// bounds that follow from these: most proposals end with one comparison against a bound. As nobody holds two
// seats, a holder is a node by the student's index, so heaps of any size need one array, whatever the offers'
// seats. Which proposal comes first changes what is held meanwhile, but not the end.
#include "cohort/allocate.h"
#include "base/attr.h"
#include "cohort/cutoff.h"
#include <assert.h>

// A holder in the skew heap of its offer and kind (Sleator and Tarjan, Self-adjusting heaps, 1986).
struct node {
    uint64_t key;
    uint32_t child[2]; // students, or COHORT_NONE
};

enum kind {
    GENERAL = 0,
    REFERRED = COHORT_REFERRED,
};

// What is looked at when somebody proposes: in half a line of the cache.
struct table {
    uint64_t bound[2];       // by kind of who proposes (cutoff.h)
    uint32_t worst[2];       // by kind: top of the heap, or COHORT_NONE
    uint16_t held[2];        // by kind, without those who are pinned
    uint16_t seats, reserve; // that pinned students have left
};

struct run {
    const struct cohort *cohort;
    const struct cohort_lottery *lottery;
    struct table *tables; // by offer
    struct node *nodes;   // by student
    struct cohort_place *places;
    uint32_t n_wishes;
    uint32_t *queue; // a ring of n_students, as nobody is in it twice
    uint32_t first, n_queued;
};

#define AHEAD 8u // students and wishes that are called for before their turn

static uint32_t
merge(struct node *nodes, uint32_t a, uint32_t b)
{
    uint32_t top = COHORT_NONE, *hole = &top;

    while (a != COHORT_NONE && b != COHORT_NONE) {
        uint32_t high = nodes[a].key > nodes[b].key ? a : b;

        b = high == a ? b : a;
        a = nodes[high].child[1];
        *hole = high;
        nodes[high].child[1] = nodes[high].child[0];
        hole = &nodes[high].child[0];
    }
    *hole = a != COHORT_NONE ? a : b;
    return top;
}

static uint64_t
worst_key(const struct run *run, const struct table *table, enum kind kind)
{
    return table->worst[kind] == COHORT_NONE ? 0 : run->nodes[table->worst[kind]].key;
}

static void
set_bounds(const struct run *run, struct table *table)
{
    struct cutoff_holders holders = {
        .seats = table->seats,
        .reserve = table->reserve,
        .n_general = table->held[GENERAL],
        .n_referred = table->held[REFERRED],
    };

    if (holders.n_general + holders.n_referred == holders.seats) {
        holders.worst_general = worst_key(run, table, GENERAL);
        holders.worst_referred = worst_key(run, table, REFERRED);
    }
    cutoff_bounds(&holders, &table->bound[GENERAL], &table->bound[REFERRED]);
}

// Lets the worst go when these are one too many, who may be the one that came; returns the student, or
// COHORT_NONE. held: by kind, together at most one more than the seats, so that table->held has room for what
// stays.
static uint32_t
settle(const struct run *run, struct table *table, uint32_t held[2])
{
    uint32_t loser = COHORT_NONE;

    if (held[GENERAL] + held[REFERRED] > table->seats) {
        enum kind kind = held[REFERRED] <= table->reserve ||
                                 worst_key(run, table, GENERAL) > worst_key(run, table, REFERRED)
                             ? GENERAL
                             : REFERRED;

        loser = table->worst[kind];
        table->worst[kind] = merge(run->nodes, run->nodes[loser].child[0], run->nodes[loser].child[1]);
        held[kind]--;
    }
    table->held[GENERAL] = (uint16_t)held[GENERAL];
    table->held[REFERRED] = (uint16_t)held[REFERRED];
    set_bounds(run, table);
    return loser;
}

static uint32_t
take_seat(const struct run *run, uint32_t student, struct table *table, uint64_t key)
{
    enum kind kind = run->cohort->flags[student] & COHORT_REFERRED;
    uint32_t held[2] = {table->held[GENERAL], table->held[REFERRED]};

    run->nodes[student] = (struct node){key, {COHORT_NONE, COHORT_NONE}};
    table->worst[kind] = merge(run->nodes, table->worst[kind], student);
    held[kind]++;
    return settle(run, table, held);
}

static uint32_t
take_pinned_seat(const struct run *run, uint32_t student, struct table *table)
{
    uint32_t held[2] = {table->held[GENERAL], table->held[REFERRED]};

    assert(table->seats > 0);
    table->seats--;
    if ((run->cohort->flags[student] & COHORT_REFERRED) != 0 && table->reserve > 0)
        table->reserve--;
    if (table->reserve > table->seats)
        table->reserve = table->seats;
    return settle(run, table, held);
}

// The student goes down its list from behind the place it had until an offer holds it. Returns who has no
// seat any more by that, or COHORT_NONE.
static uint32_t
propose(const struct run *run, uint32_t student)
{
    const struct cohort *cohort = run->cohort;
    struct cohort_place *place = &run->places[student];
    uint32_t from = cohort->list[student], end = cohort->list[student + 1];
    uint32_t pinned = (cohort->flags[student] & COHORT_PINNED) != 0;
    enum kind kind = cohort->flags[student] & COHORT_REFERRED;

    for (uint32_t w = from + place->rank; w < end; w++) {
        uint32_t offer = cohort->wishes[w].offer;
        uint64_t key = cohort_key(cohort, run->lottery, student, w);
        bool own = pinned != 0 && w == end - 1;

        if (w + AHEAD < run->n_wishes) // behind the end of this list stands who is next by index
            CALL_FOR(&run->tables[cohort->wishes[w + AHEAD].offer]);
        if (!own && key >= run->tables[offer].bound[kind])
            continue;
        *place = (struct cohort_place){offer, w - from + 1};
        return own ? take_pinned_seat(run, student, &run->tables[offer])
                   : take_seat(run, student, &run->tables[offer], key);
    }
    *place = (struct cohort_place){COHORT_NONE, 0};
    return COHORT_NONE;
}

size_t
allocate_size(const struct cohort *cohort)
{
    return cohort->n_offers * sizeof(struct table) +
           cohort->n_students * (sizeof(struct node) + sizeof(uint32_t));
}

static void
set_up(const struct run *run)
{
    const struct cohort *cohort = run->cohort;

    for (uint32_t j = 0; j < cohort->n_offers; j++) {
        const struct cohort_offer *offer = &cohort->offers[j];

        run->tables[j] = (struct table){
            .worst = {COHORT_NONE, COHORT_NONE},
            .seats = offer->capacity,
            .reserve = offer->reserve < offer->capacity ? offer->reserve : offer->capacity,
        };
        set_bounds(run, &run->tables[j]);
    }
    for (uint32_t i = 0; i < cohort->n_students; i++)
        run->places[i] = (struct cohort_place){COHORT_NONE, 0};
}

// Who is next but so many; COHORT_NONE if fewer wait.
static uint32_t
queued(const struct run *run, uint32_t ahead)
{
    uint64_t at = (uint64_t)run->first + ahead;

    if (ahead >= run->n_queued)
        return COHORT_NONE;
    return run->queue[at < run->cohort->n_students ? at : at - run->cohort->n_students];
}

// Calls for what the students look at whose turn comes soon, step by step, as one address stands behind
// another.
static void
call_for_next(const struct run *run)
{
    const struct cohort *cohort = run->cohort;
    uint32_t last = queued(run, 3 * AHEAD), middle = queued(run, 2 * AHEAD), near = queued(run, AHEAD);

    if (last != COHORT_NONE) {
        CALL_FOR(&cohort->list[last]);
        CALL_FOR(&run->places[last]);
    }
    if (middle != COHORT_NONE) {
        uint32_t from = cohort->list[middle] + run->places[middle].rank;

        for (uint32_t w = from; w < cohort->list[middle + 1] && w < from + 3 * AHEAD; w += AHEAD)
            CALL_FOR(&cohort->wishes[w]); // a line of the cache each
        CALL_FOR(&cohort->flags[middle]);
        CALL_FOR(&run->lottery->rank[middle]);
        CALL_FOR(&run->nodes[middle]);
    }
    if (near != COHORT_NONE) {
        uint32_t from = cohort->list[near] + run->places[near].rank;

        for (uint32_t w = from; w < cohort->list[near + 1] && w < from + AHEAD; w++)
            CALL_FOR(&run->tables[cohort->wishes[w].offer]);
    }
}

static void
enqueue(struct run *run, uint32_t student)
{
    uint64_t at = (uint64_t)run->first + run->n_queued++;

    run->queue[at < run->cohort->n_students ? at : at - run->cohort->n_students] = student;
}

static uint32_t
dequeue(struct run *run)
{
    uint32_t student = run->queue[run->first];

    run->first = run->first + 1 == run->cohort->n_students ? 0 : run->first + 1;
    run->n_queued--;
    return student;
}

void
allocate_run(const struct cohort *cohort, const struct cohort_lottery *lottery, const uint32_t *order,
             void *memory, struct cohort_place *places)
{
    struct run run = {.cohort = cohort, .lottery = lottery, .tables = memory, .places = places};

    run.nodes = (struct node *)(run.tables + cohort->n_offers);
    run.n_wishes = cohort->list[cohort->n_students];
    run.queue = (uint32_t *)(run.nodes + cohort->n_students);
    set_up(&run);
    for (uint32_t n = 0; n < cohort->n_students; n++)
        enqueue(&run, order == NULL ? n : order[n]);
    while (run.n_queued > 0) {
        uint32_t loser;

        call_for_next(&run);
        loser = propose(&run, dequeue(&run));
        if (loser != COHORT_NONE)
            enqueue(&run, loser);
    }
}
