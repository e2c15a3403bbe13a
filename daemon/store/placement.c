// SPDX-License-Identifier: Apache-2.0
// What the reverse tables hold follows from a placement's state alone, so a put compares what the old state
// asked for with what the new one does.
#include "store/placement.h"
#include "store/index.h"
#include "store/internal.h"
#include "store/retention.h"
#include "store/student.h"
#include <string.h>

#define STATE(name) KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_##name

// ---- Facts

bool
placement_takes_seat(Kansen__V1__PlacementState state)
{
    return state >= STATE(HELD) && state <= STATE(COMPLETED);
}

bool
placement_is_live(Kansen__V1__PlacementState state)
{
    return state >= STATE(WAITING) && state <= STATE(STARTED);
}

bool
placement_has_turn(Kansen__V1__PlacementState state)
{
    return state == STATE(WAITING) || state == STATE(ENTERED);
}

// ---- Reading

int
placement_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__Placement **out)
{
    struct key key = key_u64(id);

    return record_get(txn, TABLE_PLACEMENT, &key, &kansen__v1__placement__descriptor, arena, out);
}

int
placement_next(struct txn *txn, uint64_t after, struct arena *arena, Kansen__V1__Placement **out)
{
    struct key from = key_u64(after + 1);
    MDB_val key, value;
    int rc = table_seek(txn, TABLE_PLACEMENT, &from, &key, &value);

    return rc != 0 ? rc : record_unpack(txn, &key, &value, &kansen__v1__placement__descriptor, arena, out);
}

// The first entry at or behind `from` whose key starts with the first prefix bytes of from.
static int
seek_prefix(struct txn *txn, enum table table, const struct key *from, size_t prefix, MDB_val *key,
            MDB_val *value)
{
    int rc = table_seek(txn, table, from, key, value);

    if (rc != 0)
        return rc;
    return key->mv_size >= prefix && memcmp(key->mv_data, from->bytes, prefix) == 0 ? 0 : STORE_E_NOT_FOUND;
}

static uint64_t
u64_at(const MDB_val *key, size_t offset)
{
    return key_read_u64((const uint8_t *)key->mv_data + offset);
}

int
seat_next(struct txn *txn, uint64_t offer, uint64_t *placement)
{
    struct key from = key_pair(offer, *placement + 1);
    MDB_val key, value;
    int rc = seek_prefix(txn, TABLE_SEAT, &from, sizeof offer, &key, &value);

    if (rc == 0)
        *placement = u64_at(&key, 8);
    return rc;
}

int
turn_next(struct txn *txn, uint64_t offer, struct turn *turn, Kansen__V1__PlacementState *state)
{
    struct key from = key_triple(offer, turn->turn, turn->placement + 1);
    MDB_val key, value;
    int rc = seek_prefix(txn, TABLE_TURN, &from, sizeof offer, &key, &value);

    if (rc != 0)
        return rc;
    *turn = (struct turn){u64_at(&key, 8), u64_at(&key, 16)};
    *state = *(const uint8_t *)value.mv_data;
    return 0;
}

static int
read_fixed(struct txn *txn, enum table table, const struct key *key, void *out, size_t len)
{
    MDB_val value;
    int rc = table_get(txn, table, key, &value);

    if (rc != 0)
        return rc;
    if (value.mv_size != len)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(out, value.mv_data, len);
    return 0;
}

int
student_find(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES], uint8_t id[STUDENT_ID_BYTES])
{
    struct key key = key_bytes(hash, STUDENT_HASH_BYTES);
    struct student student = {0};
    int rc = read_fixed(txn, TABLE_STUDENT, &key, &student, sizeof student);

    if (rc == 0)
        memcpy(id, student.id, sizeof student.id);
    return rc;
}

int
student_next(struct txn *txn, const uint8_t *after, uint8_t hash[STUDENT_HASH_BYTES],
             uint8_t id[STUDENT_ID_BYTES])
{
    struct key from = {0};
    MDB_val key, value;
    int rc;

    if (after != NULL) {
        from = key_bytes(after, STUDENT_HASH_BYTES);
        from.bytes[from.len++] = 0; // the smallest key above it
    }
    rc = table_seek(txn, TABLE_STUDENT, &from, &key, &value);
    if (rc != 0)
        return rc;
    if (key.mv_size != STUDENT_HASH_BYTES || value.mv_size != sizeof(struct student))
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(hash, key.mv_data, STUDENT_HASH_BYTES);
    memcpy(id, value.mv_data, STUDENT_ID_BYTES);
    return 0;
}

int
student_since(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES], int64_t *time_us)
{
    struct key key = key_bytes(hash, STUDENT_HASH_BYTES);
    struct student student = {0};
    int rc = read_fixed(txn, TABLE_STUDENT, &key, &student, sizeof student);

    if (rc == 0)
        *time_us = student.since_us;
    return rc;
}

int
student_seat_find(struct txn *txn, const uint8_t id[STUDENT_ID_BYTES], uint64_t offer, uint64_t *placement)
{
    struct key key = key_student_seat(id, offer);

    return read_fixed(txn, TABLE_STUDENT_SEAT, &key, placement, sizeof *placement);
}

// Counts the entries whose key starts with a prefix, up to `most`.
static int
count_prefix(struct txn *txn, enum table table, const struct key *prefix, uint32_t most, uint32_t *count)
{
    MDB_cursor *cursor;
    MDB_val key = {prefix->len, (void *)prefix->bytes}, value;
    uint32_t found = 0;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[table], &cursor));

    if (rc != 0)
        return rc;
    rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    while (rc == 0 && found < most && key.mv_size >= prefix->len &&
           memcmp(key.mv_data, prefix->bytes, prefix->len) == 0) {
        found++;
        rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    if (rc < 0)
        return rc;
    *count = found;
    return 0;
}

int
student_seat_count(struct txn *txn, const uint8_t id[STUDENT_ID_BYTES], uint32_t most, uint32_t *count)
{
    struct key prefix = key_bytes(id, STUDENT_ID_BYTES);

    return count_prefix(txn, TABLE_STUDENT_SEAT, &prefix, most, count);
}

int
hold_count(struct txn *txn, const char *client, uint32_t most, uint32_t *count)
{
    struct key prefix = key_bytes(client, strlen(client) + 1);

    return count_prefix(txn, TABLE_HOLD, &prefix, most, count);
}

int
decline_next(struct txn *txn, uint64_t partner, uint32_t *reason, uint64_t *count)
{
    struct key from = key_decline(partner, *reason + 1);
    MDB_val key, value;
    int rc = seek_prefix(txn, TABLE_DECLINE, &from, sizeof partner, &key, &value);

    if (rc != 0)
        return rc;
    if (value.mv_size != sizeof *count)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    *reason = key_read_u32((const uint8_t *)key.mv_data + 8);
    memcpy(count, value.mv_data, sizeof *count);
    return 0;
}

int
due_first(struct txn *txn, struct due *due)
{
    struct key from = {0};
    MDB_val key, value;
    int rc = table_seek(txn, TABLE_DUE, &from, &key, &value);

    if (rc != 0)
        return rc;
    if (key.mv_size != 17)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    *due = (struct due){(int64_t)u64_at(&key, 0), ((const uint8_t *)key.mv_data)[8], u64_at(&key, 9)};
    return 0;
}

// ---- Writing

static int
delete_known(struct txn *txn, enum table table, const struct key *key)
{
    int rc = table_del(txn, table, key);

    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}

// Brings one entry of a reverse table from what was to what is.
static int
swap_entry(struct txn *txn, enum table table, const struct key *was, const struct key *is, const void *value,
           size_t len)
{
    int rc = 0;

    if (was != NULL && (is == NULL || was->len != is->len || memcmp(was->bytes, is->bytes, is->len) != 0))
        rc = delete_known(txn, table, was);
    if (rc == 0 && is != NULL)
        rc = table_put(txn, table, is, value, len, 0);
    return rc;
}

static int
swap_seat(struct txn *txn, const Kansen__V1__Placement *placement, const Kansen__V1__Placement *old)
{
    struct key key = key_pair(placement->offer_id, placement->id);
    uint8_t state = (uint8_t)placement->state;
    bool was = old != NULL && (placement_is_live(old->state) || placement_takes_seat(old->state));
    bool is = placement_is_live(placement->state) || placement_takes_seat(placement->state);
    int seats, rc;

    rc = swap_entry(txn, TABLE_SEAT, was ? &key : NULL, is ? &key : NULL, &state, sizeof state);
    seats =
        (int)placement_takes_seat(placement->state) - (int)(old != NULL && placement_takes_seat(old->state));
    if (rc != 0 || seats == 0)
        return rc;
    return index_take_seats(txn, placement->offer_id, seats, placement->referred ? seats : 0);
}

static int
swap_turn(struct txn *txn, const Kansen__V1__Placement *placement, const Kansen__V1__Placement *old)
{
    bool was = old != NULL && placement_has_turn(old->state), is = placement_has_turn(placement->state);
    uint8_t state = (uint8_t)placement->state;
    struct key was_key = {0}, is_key = {0};

    if (was)
        was_key = key_triple(old->offer_id, old->turn, old->id);
    if (is)
        is_key = key_triple(placement->offer_id, placement->turn, placement->id);
    return swap_entry(txn, TABLE_TURN, was ? &was_key : NULL, is ? &is_key : NULL, &state, sizeof state);
}

static int
swap_hold(struct txn *txn, const Kansen__V1__Placement *placement, const Kansen__V1__Placement *old)
{
    bool was = old != NULL && old->state == STATE(HELD), is = placement->state == STATE(HELD);
    struct key hold = key_hold(placement->client, placement->id), was_due = {0}, is_due = {0};
    int rc = swap_entry(txn, TABLE_HOLD, was ? &hold : NULL, is ? &hold : NULL, "", 0);

    if (was)
        was_due = key_due(old->expires_us, DUE_LEASE, old->id);
    if (is)
        is_due = key_due(placement->expires_us, DUE_LEASE, placement->id);
    return rc != 0 ? rc : swap_entry(txn, TABLE_DUE, was ? &was_due : NULL, is ? &is_due : NULL, "", 0);
}

static int
swap_student(struct txn *txn, const Kansen__V1__Placement *placement, const Kansen__V1__Placement *old)
{
    struct key key = key_student_seat(placement->student_id.data, placement->offer_id);
    bool was = old != NULL && placement_is_live(old->state), is = placement_is_live(placement->state);

    return swap_entry(txn, TABLE_STUDENT_SEAT, was ? &key : NULL, is ? &key : NULL, &placement->id,
                      sizeof placement->id);
}

int
placement_put(struct txn *txn, const Kansen__V1__Placement *placement, const Kansen__V1__Placement *old)
{
    struct key key = key_u64(placement->id);
    int rc = record_put(txn, TABLE_PLACEMENT, &key, &placement->base);

    if (rc == 0)
        rc = swap_seat(txn, placement, old);
    if (rc == 0)
        rc = swap_turn(txn, placement, old);
    if (rc == 0)
        rc = swap_hold(txn, placement, old);
    if (rc == 0)
        rc = swap_student(txn, placement, old);
    if (rc == 0 && !placement_is_live(placement->state) && (old == NULL || placement_is_live(old->state)))
        rc = retention_ended(txn, placement);
    return rc;
}

int
student_put(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES], const uint8_t id[STUDENT_ID_BYTES],
            int64_t since_us)
{
    struct key key = key_bytes(hash, STUDENT_HASH_BYTES);
    struct student student = {.since_us = since_us};

    memcpy(student.id, id, sizeof student.id);
    return table_put(txn, TABLE_STUDENT, &key, &student, sizeof student, 0);
}

int
student_delete(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES])
{
    struct key key = key_bytes(hash, STUDENT_HASH_BYTES);

    return delete_known(txn, TABLE_STUDENT, &key);
}

int
decline_add(struct txn *txn, uint64_t partner, Kansen__V1__DeclineReason reason)
{
    struct key key = key_decline(partner, (uint32_t)reason);
    uint64_t count = 0;
    int rc = read_fixed(txn, TABLE_DECLINE, &key, &count, sizeof count);

    if (rc < 0)
        return rc;
    count++;
    return table_put(txn, TABLE_DECLINE, &key, &count, sizeof count, 0);
}

int
due_put(struct txn *txn, const struct due *due)
{
    struct key key = key_due(due->time_us, (uint8_t)due->kind, due->id);

    return table_put(txn, TABLE_DUE, &key, "", 0, 0);
}

int
due_delete(struct txn *txn, const struct due *due)
{
    struct key key = key_due(due->time_us, (uint8_t)due->kind, due->id);
    int rc = table_del(txn, TABLE_DUE, &key);

    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}
