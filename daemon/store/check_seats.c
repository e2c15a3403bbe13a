// SPDX-License-Identifier: Apache-2.0
// The part of the offline check that counts seats: placements against their reverse tables, offers against
// placements, due times against holds.
#include "store/check_state.h"
#include "store/offer_row.h"
#include "store/placement.h"
#include <inttypes.h>
#include <string.h>

#define STATE(name) KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_##name

// Counts an entry that a placement asks for, and tells when it is not there.
static int
expect(struct check *check, enum table table, const struct key *key, uint64_t placement, const char *what)
{
    MDB_val value;
    int rc = table_get(check->txn, table, key, &value);

    if (rc < 0)
        return rc;
    check->expected[table]++;
    if (rc != 0)
        check_problem(check, "placement %" PRIu64 ": not in the table of %s", placement, what);
    return 0;
}

static int
expect_seat(struct check *check, const Kansen__V1__Placement *placement)
{
    struct key offer = key_u64(placement->offer_id), seat = key_pair(placement->offer_id, placement->id);
    MDB_val value;
    int rc = table_get(check->txn, TABLE_OFFER, &offer, &value);

    if (rc == STORE_E_NOT_FOUND && !placement_is_live(placement->state))
        return 0; // completed, and the offer has been removed since
    if (rc == STORE_E_NOT_FOUND)
        check_problem(check, "placement %" PRIu64 ": is live, but offer %" PRIu64 " is gone", placement->id,
                      placement->offer_id);
    return rc < 0 ? rc : expect(check, TABLE_SEAT, &seat, placement->id, "seats");
}

static int
expect_entries(struct check *check, const Kansen__V1__Placement *placement)
{
    struct key key;
    int rc = 0;

    if (placement_is_live(placement->state) || placement_takes_seat(placement->state))
        rc = expect_seat(check, placement);
    if (rc == 0 && placement_has_turn(placement->state)) {
        key = key_triple(placement->offer_id, placement->turn, placement->id);
        rc = expect(check, TABLE_TURN, &key, placement->id, "turns");
    }
    if (rc == 0 && placement->state == STATE(HELD)) {
        key = key_hold(placement->client, placement->id);
        rc = expect(check, TABLE_HOLD, &key, placement->id, "holds");
    }
    if (rc == 0 && placement->state == STATE(HELD)) {
        key = key_due(placement->expires_us, DUE_LEASE, placement->id);
        rc = expect(check, TABLE_DUE, &key, placement->id, "due times");
    }
    if (rc == 0 && placement_is_live(placement->state)) {
        key = key_student_seat(placement->student_id.data, placement->offer_id);
        rc = expect(check, TABLE_STUDENT_SEAT, &key, placement->id, "students' seats");
    } else if (rc == 0) {
        key = key_pair((uint64_t)placement->updated_us, placement->id);
        rc = expect(check, TABLE_ENDED, &key, placement->id, "what has ended");
    }
    return rc;
}

int
check_placement(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Placement *placement = NULL;
    int rc = check_unpack(check, "placement", key, value, &kansen__v1__placement__descriptor, &placement);

    if (rc != 0 || placement == NULL)
        return rc;
    if (placement->id != key_read_u64(key->mv_data))
        check_problem(check, "placement %" PRIu64 ": stored under another id", placement->id);
    if (placement->student_id.len != STUDENT_ID_BYTES) {
        check_problem(check, "placement %" PRIu64 ": its student id has %zu bytes", placement->id,
                      placement->student_id.len);
        return 0;
    }
    return expect_entries(check, placement);
}

// A due lease belongs to a placement that is held until then; the other kinds may be there or have been.
int
check_due(struct check *check, const MDB_val *key, const MDB_val *value)
{
    const uint8_t *bytes = key->mv_data;
    Kansen__V1__Placement *placement = NULL;
    uint64_t id;
    int rc;

    (void)value;
    if (key->mv_size != 17 || bytes[8] != DUE_LEASE)
        return 0;
    id = key_read_u64(bytes + 9);
    rc = placement_get(check->txn, id, check->arena, &placement);
    if (rc < 0)
        return rc;
    if (rc != 0 || placement->state != STATE(HELD) || (uint64_t)placement->expires_us != key_read_u64(bytes))
        check_problem(check, "a lease of placement %" PRIu64 " is due that is not held so long", id);
    return 0;
}

int
check_seats(struct check *check, const struct offer_row *row)
{
    uint64_t id = 0;
    uint32_t taken = 0, referred = 0;
    int rc;

    while ((rc = seat_next(check->txn, row->offer_id, &id)) == 0) {
        Kansen__V1__Placement *placement = NULL;

        rc = placement_get(check->txn, id, check->arena, &placement);
        if (rc < 0)
            return rc;
        if (rc != 0) {
            check_problem(check, "offer %" PRIu64 ": placement %" PRIu64 " is not there", row->offer_id, id);
            continue;
        }
        taken += placement_takes_seat(placement->state);
        referred += placement_takes_seat(placement->state) && placement->referred;
    }
    if (rc < 0)
        return rc;
    if (taken != row->seats_taken || referred != row->taken_referred)
        check_problem(check,
                      "offer %" PRIu64 ": %u seats taken (%u referred), but placements take %u (%u referred)",
                      row->offer_id, row->seats_taken, row->taken_referred, taken, referred);
    if (taken > row->seats)
        check_problem(check, "offer %" PRIu64 ": %u seats taken of %u", row->offer_id, taken, row->seats);
    return 0;
}
