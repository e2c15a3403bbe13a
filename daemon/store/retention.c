// SPDX-License-Identifier: Apache-2.0
// Invariants: a placement is in the table ended if it is not live; an entry of student_end is as late as the
// last of the student's placements that are there.
#include "store/retention.h"
#include "store/index.h"
#include "store/internal.h"
#include "store/records.h"
#include "store/student.h"
#include <string.h>

// ---- Placements

static struct key
student_key(const Kansen__V1__Placement *placement)
{
    return key_bytes(placement->student_id.data, placement->student_id.len);
}

// When the last placement of a student ended.
static int
last_end(struct txn *txn, const struct key *student, int64_t *time_us)
{
    MDB_val value;
    int rc = table_get(txn, TABLE_STUDENT_END, student, &value);

    if (rc != 0)
        return rc;
    if (value.mv_size != sizeof *time_us)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(time_us, value.mv_data, sizeof *time_us);
    return 0;
}

int
retention_ended(struct txn *txn, const Kansen__V1__Placement *placement)
{
    struct key ended = key_pair((uint64_t)placement->updated_us, placement->id),
               student = student_key(placement);
    int64_t last = 0;
    int rc = table_put(txn, TABLE_ENDED, &ended, "", 0, 0);

    if (rc == 0)
        rc = last_end(txn, &student, &last);
    if (rc < 0 || (rc == 0 && last >= placement->updated_us))
        return rc;
    return table_put(txn, TABLE_STUDENT_END, &student, &placement->updated_us, sizeof placement->updated_us,
                     0);
}

int
retention_first_ended(struct txn *txn, int64_t *time_us, uint64_t *placement)
{
    struct key from = {0};
    MDB_val key, value;
    int rc = table_seek(txn, TABLE_ENDED, &from, &key, &value);

    if (rc != 0)
        return rc;
    if (key.mv_size != 16)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    *time_us = (int64_t)key_read_u64(key.mv_data);
    *placement = key_read_u64((const uint8_t *)key.mv_data + 8);
    return 0;
}

static int
known(struct txn *txn, int rc)
{
    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}

// The seat went with the offer, if that was removed.
static int
give_seat_back(struct txn *txn, const Kansen__V1__Placement *placement, bool *seat)
{
    struct key key = key_pair(placement->offer_id, placement->id);
    int rc = placement_takes_seat(placement->state) ? table_del(txn, TABLE_SEAT, &key) : STORE_E_NOT_FOUND;

    *seat = rc == 0;
    if (rc != 0)
        return rc < 0 ? rc : 0;
    return index_take_seats(txn, placement->offer_id, -1, placement->referred ? -1 : 0);
}

int
retention_remove(struct txn *txn, const Kansen__V1__Placement *placement, bool *seat)
{
    struct key key = key_u64(placement->id), student = student_key(placement),
               ended = key_pair((uint64_t)placement->updated_us, placement->id);
    int64_t last = 0;
    int rc = known(txn, table_del(txn, TABLE_PLACEMENT, &key));

    if (rc == 0)
        rc = known(txn, table_del(txn, TABLE_ENDED, &ended));
    if (rc == 0)
        rc = last_end(txn, &student, &last);
    // They go in the order in which they ended: when it was the last one, there is none any more. Of two that
    // ended in one moment the other one may be there yet; it counts as older then, which does no harm.
    if (rc == 0 && last == placement->updated_us)
        rc = known(txn, table_del(txn, TABLE_STUDENT_END, &student));
    return rc < 0 ? rc : give_seat_back(txn, placement, seat);
}

// ---- Students

static int
is_idle(struct txn *txn, const struct student *student, int64_t before_us, bool *idle)
{
    struct key key = key_bytes(student->id, sizeof student->id);
    int64_t last = 0;
    uint32_t live = 0;
    int rc = last_end(txn, &key, &last);

    if (rc == STORE_E_NOT_FOUND)
        last = student->since_us;
    *idle = false;
    if (rc < 0 || last >= before_us)
        return rc < 0 ? rc : 0;
    rc = student_seat_count(txn, student->id, 1, &live);
    *idle = rc == 0 && live == 0;
    return rc;
}

static int
read_student(struct txn *txn, const MDB_val *value, struct student *out)
{
    if (value->mv_size != sizeof *out)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(out, value->mv_data, sizeof *out);
    return 0;
}

int
retention_is_idle(struct txn *txn, const uint8_t hash[STUDENT_HASH_BYTES], int64_t before_us, bool *idle)
{
    struct key key = key_bytes(hash, STUDENT_HASH_BYTES);
    struct student student = {0};
    MDB_val value;
    int rc = table_get(txn, TABLE_STUDENT, &key, &value);

    if (rc == 0)
        rc = read_student(txn, &value, &student);
    return rc == 0 ? is_idle(txn, &student, before_us, idle) : rc;
}

// The mapping behind walk->at.
static int
next_student(struct txn *txn, MDB_cursor *cursor, struct retention_walk *walk, struct student *out)
{
    MDB_val key = {sizeof walk->at, walk->at}, value;
    int rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, walk->begun ? MDB_SET_RANGE : MDB_FIRST));

    if (rc == 0 && walk->begun && memcmp(key.mv_data, walk->at, sizeof walk->at) == 0)
        rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    if (rc != 0)
        return rc;
    if (key.mv_size != sizeof walk->at)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(walk->at, key.mv_data, sizeof walk->at);
    walk->begun = true;
    return read_student(txn, &value, out);
}

int
retention_step(struct txn *txn, struct retention_walk *walk, int64_t before_us)
{
    MDB_cursor *cursor;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_STUDENT], &cursor));

    walk->found = 0;
    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < RETENTION_LOOKS && walk->found < RETENTION_ROOM && rc == 0; i++) {
        struct student student = {0};
        bool idle = false;

        rc = next_student(txn, cursor, walk, &student);
        if (rc == 0)
            rc = is_idle(txn, &student, before_us, &idle);
        if (rc == 0 && idle)
            memcpy(walk->hashes[walk->found++], walk->at, sizeof walk->at);
    }
    mdb_cursor_close(cursor);
    walk->ended = rc == STORE_E_NOT_FOUND;
    return walk->ended ? 0 : rc;
}

// ---- The journal

static int
entry_time(struct txn *txn, uint64_t sequence, int64_t *time_us)
{
    struct arena *arena = arena_new(SIZE_MAX / 2);
    Kansen__V1__JournalEntry *entry;
    int rc;

    if (arena == NULL)
        return txn_fail(txn, STORE_FAULT_MEMORY);
    rc = journal_get(txn, sequence, arena, &entry);
    if (rc == 0)
        *time_us = entry->time_us;
    arena_free(arena);
    return rc;
}

int
retention_journal_time(struct txn *txn, int64_t *time_us)
{
    uint64_t first;
    int rc = journal_first(txn, &first);

    if (rc == 0 && first >= txn_sequence(txn))
        rc = STORE_E_NOT_FOUND;
    return rc == 0 ? entry_time(txn, first, time_us) : rc;
}

int
retention_trim_journal(struct txn *txn, int64_t before_us, unsigned most, uint64_t *first)
{
    uint64_t begin, sequence, last = txn_sequence(txn);
    int64_t time_us = 0;
    int rc = txn->fault != 0 ? txn->fault : journal_first(txn, &begin);

    if (rc != 0)
        return rc;
    for (sequence = begin; sequence < last && sequence - begin < most; sequence++) {
        struct key key = key_u64(sequence);

        rc = known(txn, entry_time(txn, sequence, &time_us));
        if (rc != 0 || time_us >= before_us)
            break;
        rc = table_del(txn, TABLE_JOURNAL, &key);
        if (rc != 0)
            return rc;
    }
    if (rc == 0 && sequence > begin)
        rc = meta_put(txn, META_LAST_TRIMMED, sequence - 1);
    if (rc == 0)
        *first = sequence;
    return rc;
}
