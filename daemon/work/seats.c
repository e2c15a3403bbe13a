// SPDX-License-Identifier: Apache-2.0
// Invariant: after each function an offer's seats taken are the placements that take one; the store counts
// them.
#include "work/seats.h"
#include "base/date.h"
#include "store/offer_row.h"
#include "store/placement.h"
#include "store/records.h"
#include "store/round.h"
#include "store/write.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define STATE(name) KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_##name
#define SECOND_US   INT64_C(1000000)

// A hold that comes by turn or by lot: whoever gets it is not sitting there waiting, so it lasts longer.
static int64_t
lease_end(const struct change *change, const Kansen__V1__Placement *placement)
{
    uint32_t seconds = placement->lease_s != 0 ? placement->lease_s : SEATS_LEASE_TURN_S;

    return change->command->time_us + seconds * SECOND_US;
}

int
seats_set(struct change *change, const Kansen__V1__Placement *old, const struct seats_next *next,
          Kansen__V1__Placement **out)
{
    Kansen__V1__Placement *placement = arena_alloc(change->arena, sizeof *placement);
    int rc;

    if (placement == NULL)
        return STORE_FAULT_MEMORY;
    *placement = *old;
    placement->state = next->state;
    if (next->reason != 0)
        placement->decline_reason = next->reason;
    if (next->turn != 0)
        placement->turn = next->turn;
    placement->version++;
    placement->updated_us = change->command->time_us;
    placement->expires_us = next->state == STATE(HELD) ? lease_end(change, placement) : 0;
    rc = placement_put(change->txn, placement, old);
    if (rc == 0)
        *out = placement;
    return rc;
}

// The same for a placement that the write is not about, which is noted.
static int
follow(struct change *change, const Kansen__V1__Placement *old, const struct seats_next *next)
{
    Kansen__V1__Placement *placement = NULL;
    int rc = seats_set(change, old, next, &placement);

    return rc == 0 ? change_note_placement(change, placement) : rc;
}

static int
get(struct change *change, uint64_t id, Kansen__V1__Placement **out)
{
    int rc = placement_get(change->txn, id, change->arena, out);

    return rc > 0 ? STORE_FAULT_CORRUPT : rc;
}

static int
get_row(struct change *change, uint64_t offer, struct offer_row *row)
{
    int rc = offer_row_get(change->txn, offer, row);

    return rc > 0 ? STORE_FAULT_CORRUPT : rc;
}

static bool
is_open(const struct offer_row *row, int32_t day)
{
    return (row->flags & OFFER_ROW_LIVE) != 0 && (row->end == DATE_NONE || row->end >= day);
}

int
seats_fill(struct change *change, uint64_t offer)
{
    int32_t day = date_of_time(change->command->time_us);
    struct turn turn = {0};
    struct seats_next next = {0};
    Kansen__V1__PlacementState state;
    struct offer_row row;
    bool locked = false;
    int rc = round_locks(change->txn, offer, change->arena, &locked);

    if (rc != 0 || locked) // it is done when the round has ended
        return rc;
    while ((rc = turn_next(change->txn, offer, &turn, &state)) == 0) {
        Kansen__V1__Placement *placement = NULL;

        rc = get_row(change, offer, &row);
        if (rc != 0 || !is_open(&row, day) || offer_row_free(&row, true, day) == 0)
            return rc;
        rc = get(change, turn.placement, &placement);
        if (rc != 0)
            return rc;
        if (offer_row_free(&row, placement->referred, day) == 0 ||
            lifecycle_move(state, EVENT_MOVE_UP, MOVER_CLOCK, &next.state) != 0)
            continue; // a seat is free, but reserved; or it is in the draw
        rc = follow(change, placement, &next);
        if (rc != 0)
            return rc;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
seats_end(struct change *change, uint64_t offer, enum event event)
{
    struct seats_next next = {0};
    uint64_t id = 0;
    int rc;

    while ((rc = seat_next(change->txn, offer, &id)) == 0) {
        Kansen__V1__Placement *placement = NULL;

        rc = get(change, id, &placement);
        if (rc == 0 && lifecycle_move(placement->state, event, MOVER_CLOCK, &next.state) == 0)
            rc = follow(change, placement, &next);
        if (rc != 0)
            return rc;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// ---- The draw
// ------------------------------------------------------------------------------------------------------

struct lot {
    uint8_t hash[crypto_generichash_BYTES]; // BLAKE2b of the placement's id, keyed with the seed
    Kansen__V1__Placement *placement;
    bool drawn;
};

static int
compare_lots(const void *a, const void *b)
{
    const struct lot *x = a, *y = b;
    int order = memcmp(x->hash, y->hash, sizeof x->hash);

    if (order != 0)
        return order;
    return x->placement->id < y->placement->id ? -1 : x->placement->id > y->placement->id;
}

static int
collect_lots(struct change *change, uint64_t offer, struct lot **out, size_t *count)
{
    Kansen__V1__PlacementState state;
    struct turn turn = {0};
    struct lot *lots = NULL;
    size_t n = 0, room = 0;
    int rc;

    while ((rc = turn_next(change->txn, offer, &turn, &state)) == 0) {
        if (state != STATE(ENTERED))
            continue;
        if (n == room) {
            struct lot *larger = arena_array(change->arena, room == 0 ? 16 : 2 * room, sizeof *lots);

            if (larger == NULL)
                return STORE_FAULT_MEMORY;
            if (n > 0)
                memcpy(larger, lots, n * sizeof *lots);
            lots = larger;
            room = room == 0 ? 16 : 2 * room;
        }
        rc = get(change, turn.placement, &lots[n].placement);
        if (rc != 0)
            return rc;
        crypto_generichash(lots[n].hash, sizeof lots[n].hash, (const uint8_t *)&turn.placement,
                           sizeof turn.placement, change->command->secrets->random,
                           sizeof change->command->secrets->random);
        n++;
    }
    if (rc != STORE_E_NOT_FOUND)
        return rc;
    if (n > 0)
        qsort(lots, n, sizeof *lots, compare_lots);
    *out = lots;
    *count = n;
    return 0;
}

static void
take(struct lot *lot, struct offer_row *row)
{
    lot->drawn = true;
    row->seats_taken++;
    row->taken_referred = (uint16_t)(row->taken_referred + (lot->placement->referred ? 1 : 0));
}

// The reserve first, then all in order, by the rule that holds for any request on that day: what is left of
// the reserve stays for referred students until it opens. row is a copy, in which the seats are counted on.
static void
choose(struct lot *lots, size_t n, struct offer_row row, int32_t day)
{
    for (size_t i = 0; i < n && row.taken_referred < row.reserved; i++)
        if (lots[i].placement->referred && offer_row_free(&row, true, day) > 0)
            take(&lots[i], &row);
    for (size_t i = 0; i < n; i++)
        if (!lots[i].drawn && offer_row_free(&row, lots[i].placement->referred, day) > 0)
            take(&lots[i], &row);
}

// What the draw means for one lot. Who is not drawn and may wait does so at that turn.
static int
settle(struct change *change, const struct lot *lot, uint64_t turn, bool waiting_list)
{
    enum event event = lot->drawn ? EVENT_DRAWN : waiting_list ? EVENT_NOT_DRAWN_WAITING : EVENT_NOT_DRAWN;
    struct seats_next next = {.turn = turn};

    if (lifecycle_move(lot->placement->state, event, MOVER_CLOCK, &next.state) != 0)
        return STORE_FAULT_CORRUPT;
    return follow(change, lot->placement, &next);
}

int
seats_draw(struct change *change, uint64_t offer_id)
{
    Kansen__V1__Offer *offer = NULL;
    struct lot *lots = NULL;
    size_t n = 0;
    uint64_t last = 0;
    struct offer_row row;
    int rc = get_row(change, offer_id, &row);

    if (rc == 0)
        rc = store_last_id(change->txn, STORE_ID_PLACEMENT, &last);
    if (rc == 0)
        rc = offer_get(change->txn, offer_id, change->arena, &offer);
    if (rc == 0)
        rc = collect_lots(change, offer_id, &lots, &n);
    if (rc != 0)
        return rc > 0 ? STORE_FAULT_CORRUPT : rc;
    if (n == 0)
        return 0;
    if ((row.flags & OFFER_ROW_LIVE) != 0)
        choose(lots, n, row, date_of_time(change->command->time_us));
    change->seed = change->command->secrets->random;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = settle(change, &lots[i], seats_turn(last) + 1 + i, offer->waiting_list);
    return rc;
}
