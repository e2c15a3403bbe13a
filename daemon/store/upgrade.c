// SPDX-License-Identifier: Apache-2.0
// From one format of the store to the next, in one transaction: it is done whole or not at all.
//
//   2 to 3   mappings of students tell since when they are; the tables ended and student_end
//   3 to 4   meta tells which offers have an entry in partner_offer: all had one
//   4 to 5   the tables client, token and token_hash, which are empty
//   5 to 6   the tables of rounds, which are empty; an older version would give seats away that a round has
//   locked
#include "store/internal.h"
#include "store/retention.h"
#include "store/student.h"
#include <string.h>

static int
widen_students(struct txn *txn)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_STUDENT], &cursor));

    if (rc != 0)
        return rc;
    while ((rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) == 0) {
        struct student student = {0};
        struct key same = key_bytes(key.mv_data, key.mv_size);
        MDB_val k = {same.len, same.bytes}, v = {sizeof student, &student};

        if (value.mv_size != sizeof student.id)
            rc = txn_fail(txn, STORE_FAULT_CORRUPT);
        memcpy(student.id, value.mv_data, rc == 0 ? sizeof student.id : 0);
        if (rc == 0)
            rc = txn_map(txn, mdb_cursor_put(cursor, &k, &v, MDB_CURRENT));
        if (rc != 0)
            break;
    }
    mdb_cursor_close(cursor);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
note_ended(struct txn *txn)
{
    struct arena *arena = arena_new(SIZE_MAX / 2);
    Kansen__V1__Placement *placement;
    uint64_t id = 0;
    int rc = arena == NULL ? txn_fail(txn, STORE_FAULT_MEMORY) : 0;

    while (rc == 0 && (rc = placement_next(txn, id, arena, &placement)) == 0) {
        id = placement->id;
        if (!placement_is_live(placement->state))
            rc = retention_ended(txn, placement);
        arena_reset(arena);
    }
    arena_free(arena);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
note_listed(struct txn *txn)
{
    uint64_t last;
    int rc = meta_get(txn, META_LAST_OFFER, &last);

    return rc < 0 ? rc : meta_put(txn, META_LAST_LISTED, last);
}

int
upgrade_run(struct txn *txn, uint64_t from)
{
    int rc = from < STORE_OLDEST ? txn_fail(txn, STORE_FAULT_CORRUPT) : 0;

    if (rc == 0 && from < 3)
        rc = widen_students(txn);
    if (rc == 0 && from < 3)
        rc = note_ended(txn);
    return rc == 0 && from < 4 ? note_listed(txn) : rc;
}
