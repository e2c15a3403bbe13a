// SPDX-License-Identifier: Apache-2.0
// What the passing of time brings, as a command of the daemon's own clock: journalled, and the same when it
// is applied again. One command does a bounded number of things; the clock asks again while something is due.
#include "store/placement.h"
#include "store/records.h"
#include "store/retention.h"
#include "store/write.h"
#include "work/change.h"
#include "work/seats.h"

#define DUE_PER_TICK    256u
#define PURGES_PER_TICK 256u
#define TRIMS_PER_TICK  4096u
#define ENDS_PER_TICK   256u
#define ANSWERS_KEPT_US INT64_C(86400000000) // 24 hours

static int
expire(struct change *change, uint64_t id)
{
    Kansen__V1__Placement *old = NULL, *placement = NULL;
    struct seats_next next = {0};
    int rc = placement_get(change->txn, id, change->arena, &old);

    if (rc != 0)
        return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    if (lifecycle_move(old->state, EVENT_EXPIRE, MOVER_CLOCK, &next.state) != 0)
        return STORE_FAULT_CORRUPT; // only held ones are due
    rc = seats_set(change, old, &next, &placement);
    if (rc == 0)
        rc = change_note_placement(change, placement);
    return rc == 0 ? seats_fill(change, old->offer_id) : rc;
}

static int
happen(struct change *change, const struct due *due)
{
    int rc;

    if (due->kind == DUE_LEASE)
        return expire(change, due->id); // takes its due time out
    rc = due_delete(change->txn, due);
    if (rc != 0)
        return rc;
    return due->kind == DUE_DRAW ? seats_draw(change, due->id) : seats_fill(change, due->id);
}

// Notes the tombstone of a placement.
static int
note_gone(struct change *change, const Kansen__V1__Placement *placement)
{
    Kansen__V1__Change what = KANSEN__V1__CHANGE__INIT;

    what.kind = KANSEN__V1__RECORD_KIND__RECORD_KIND_PLACEMENT;
    what.outcome = KANSEN__V1__OUTCOME__OUTCOME_REMOVED;
    what.id = placement->id;
    what.placement_state = placement->state;
    what.partner_id = placement->partner_id;
    what.offer_id = placement->offer_id;
    what.client = placement->client;
    return change_note(change, &what);
}

// Removes placements that ended so long ago that they are not kept any more.
static int
let_placements_go(struct change *change)
{
    int64_t before = change->command->time_us - change->command->retain.placements_us, ended;
    uint64_t id;
    int rc = 0;

    if (change->command->retain.placements_us == 0)
        return 0;
    for (unsigned i = 0; i < ENDS_PER_TICK && rc == 0; i++) {
        Kansen__V1__Placement *placement = NULL;
        bool seat = false;

        rc = retention_first_ended(change->txn, &ended, &id);
        if (rc != 0 || ended >= before)
            break;
        rc = placement_get(change->txn, id, change->arena, &placement);
        if (rc == 0)
            rc = retention_remove(change->txn, placement, &seat);
        if (rc == 0)
            rc = note_gone(change, placement);
        if (rc == 0 && seat)
            rc = seats_fill(change, placement->offer_id);
        if (rc > 0)
            return STORE_FAULT_CORRUPT;
    }
    return rc < 0 ? rc : 0;
}

// The same for entries of the journal; that they went is told in this one.
static int
let_journal_go(struct change *change)
{
    const struct command *command = change->command;
    uint64_t begin = 0, first = 0;
    int rc = 0;

    if (command->retain.journal_us == 0)
        return 0;
    rc = journal_first(change->txn, &begin);
    if (rc == 0)
        rc = retention_trim_journal(change->txn, command->time_us - command->retain.journal_us,
                                    TRIMS_PER_TICK, &first);
    if (rc == 0 && first > begin)
        change->first_kept = first;
    return rc;
}

int
change_tick(struct change *change)
{
    int64_t now = change->command->time_us;
    struct due due;
    int rc = 0;

    for (unsigned i = 0; i < DUE_PER_TICK && rc == 0; i++) {
        rc = due_first(change->txn, &due);
        if (rc != 0 || due.time_us > now)
            break;
        rc = happen(change, &due);
    }
    rc = rc < 0 ? rc : let_placements_go(change);
    if (rc == 0)
        rc = let_journal_go(change);
    if (rc < 0)
        return rc;
    change->outcome = change->n_noted > 0 || change->first_kept != 0 ? KANSEN__V1__OUTCOME__OUTCOME_UPDATED
                                                                     : KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED;
    rc = answer_purge(change->txn, now - ANSWERS_KEPT_US, PURGES_PER_TICK);
    if (rc == 0 && change->command->journal_keep != 0)
        rc = journal_trim(change->txn, change->command->journal_keep, TRIMS_PER_TICK);
    return rc == 0 && change->n_noted == 0 ? index_tidy(change->txn) : rc;
}
