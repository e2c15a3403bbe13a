// SPDX-License-Identifier: Apache-2.0
// What the passing of time brings, as a command of the daemon's own clock: journalled, and the same when it
// is applied again. One command does a bounded number of things; the clock asks again while something is due.
#include "store/placement.h"
#include "store/write.h"
#include "work/change.h"
#include "work/seats.h"

#define DUE_PER_TICK    256u
#define PURGES_PER_TICK 256u
#define TRIMS_PER_TICK  4096u
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

int
change_tick(struct change *change)
{
    int64_t now = change->command->time_us;
    struct due due;
    int rc = 0;

    if ((change->command->movers & MOVER_CLOCK) == 0)
        return fault_set(change->fault, CODE_PERMISSION_DENIED, "tick", "time passes by itself");
    for (unsigned i = 0; i < DUE_PER_TICK && rc == 0; i++) {
        rc = due_first(change->txn, &due);
        if (rc != 0 || due.time_us > now)
            break;
        rc = happen(change, &due);
    }
    if (rc < 0)
        return rc;
    change->outcome =
        change->n_noted > 0 ? KANSEN__V1__OUTCOME__OUTCOME_UPDATED : KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED;
    rc = answer_purge(change->txn, now - ANSWERS_KEPT_US, PURGES_PER_TICK);
    if (rc == 0 && change->command->journal_keep != 0)
        rc = journal_trim(change->txn, change->command->journal_keep, TRIMS_PER_TICK);
    return rc == 0 && change->n_noted == 0 ? index_tidy(change->txn) : rc;
}
