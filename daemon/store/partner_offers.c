// SPDX-License-Identifier: Apache-2.0
// Invariant: an offer has an entry in partner_offer exactly if its id is at most META_LAST_LISTED.
#include "store/partner_offers.h"
#include "store/internal.h"
#include "store/offer_row.h"
#include "store/records.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// So many rows are looked through in a tenth of a millisecond; and so many entries, in order, share pages
// with each other in a store of a million offers.
#define LATE_MAX 8192u

struct entry {
    uint64_t partner, offer;
};

int
partner_offers_listed(struct txn *txn, uint64_t *last)
{
    int rc = meta_get(txn, META_LAST_LISTED, last);

    return rc < 0 ? rc : 0;
}

int
partner_offers_move(struct txn *txn, uint64_t offer, uint64_t from, uint64_t to)
{
    struct key key = key_pair(to, offer);
    uint64_t listed;
    int rc = partner_offers_delete(txn, offer, from);

    if (rc == 0)
        rc = partner_offers_listed(txn, &listed);
    if (rc != 0 || offer > listed)
        return rc;
    return table_put(txn, TABLE_PARTNER_OFFER, &key, "", 0, 0);
}

int
partner_offers_delete(struct txn *txn, uint64_t offer, uint64_t partner)
{
    struct key key = key_pair(partner, offer);
    uint64_t listed;
    int rc = partner_offers_listed(txn, &listed);

    if (rc != 0 || offer > listed)
        return rc;
    rc = table_del(txn, TABLE_PARTNER_OFFER, &key);
    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}

// ---- Listing

static int
compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->partner != y->partner)
        return x->partner < y->partner ? -1 : 1;
    return x->offer < y->offer ? -1 : x->offer > y->offer;
}

// Fills entries with those of the offers behind `listed`, of which there are at most so many. 0 or a fault.
static int
collect(struct txn *txn, uint64_t listed, struct entry *entries, size_t most, size_t *n)
{
    struct key from = key_number(listed + 1);
    MDB_val key = {from.len, from.bytes}, value;
    MDB_cursor *cursor;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_OFFER_ROW], &cursor));

    *n = 0;
    if (rc != 0)
        return rc;
    rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    while (rc == 0) {
        struct offer_row row;

        if (value.mv_size != sizeof row || *n == most) {
            rc = txn_fail(txn, STORE_FAULT_CORRUPT);
            break;
        }
        memcpy(&row, value.mv_data, sizeof row);
        entries[(*n)++] = (struct entry){row.partner_id, row.offer_id};
        rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
partner_offers_late(struct txn *txn, uint64_t *count)
{
    uint64_t last = 0, listed = 0;
    int rc = store_last_id(txn, STORE_ID_OFFER, &last);

    if (rc == 0)
        rc = partner_offers_listed(txn, &listed);
    *count = last > listed ? last - listed : 0;
    return rc;
}

int
partner_offers_list(struct txn *txn)
{
    struct entry *entries;
    uint64_t late, listed;
    size_t n = 0;
    int rc = partner_offers_late(txn, &late);

    if (rc == 0)
        rc = partner_offers_listed(txn, &listed);
    if (rc != 0 || late == 0)
        return rc;
    entries = malloc(late * sizeof *entries);
    if (entries == NULL)
        return txn_fail(txn, STORE_FAULT_MEMORY);
    rc = collect(txn, listed, entries, late, &n);
    qsort(entries, n, sizeof *entries, compare_entries);
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct key key = key_pair(entries[i].partner, entries[i].offer);

        rc = table_put(txn, TABLE_PARTNER_OFFER, &key, "", 0, 0);
    }
    free(entries);
    return rc == 0 ? meta_put(txn, META_LAST_LISTED, listed + late) : rc;
}

int
partner_offers_keep_up(struct txn *txn)
{
    uint64_t late;
    int rc;

    if (!txn->ids[STORE_ID_OFFER].changed)
        return 0;
    rc = partner_offers_late(txn, &late);
    return rc == 0 && late > LATE_MAX ? partner_offers_list(txn) : rc;
}

// ---- Reading

// The next offer of a partner behind `after` among those that are not listed.
static int
next_late(struct txn *txn, uint64_t partner, uint64_t after, uint64_t *offer)
{
    struct key from = key_number(after + 1);
    MDB_val key = {from.len, from.bytes}, value;
    MDB_cursor *cursor;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_OFFER_ROW], &cursor));

    if (rc != 0)
        return rc;
    rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    for (; rc == 0; rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        uint64_t owner;

        if (value.mv_size != sizeof(struct offer_row)) {
            rc = txn_fail(txn, STORE_FAULT_CORRUPT);
            break;
        }
        memcpy(&owner, (const uint8_t *)value.mv_data + offsetof(struct offer_row, partner_id), sizeof owner);
        if (owner == partner) {
            memcpy(offer, key.mv_data, sizeof *offer);
            break;
        }
    }
    mdb_cursor_close(cursor);
    return rc;
}

int
partner_offer_next(struct txn *txn, uint64_t partner, uint64_t after, uint64_t *offer)
{
    struct key from = key_pair(partner, after);
    MDB_val key, value;
    uint64_t listed;
    int rc;

    if (after == UINT64_MAX)
        return STORE_E_NOT_FOUND;
    from.bytes[from.len++] = 0;
    rc = table_seek(txn, TABLE_PARTNER_OFFER, &from, &key, &value);
    if (rc < 0)
        return rc;
    if (rc == 0 && key.mv_size == 16 && key_read_u64(key.mv_data) == partner) {
        *offer = key_read_u64((const uint8_t *)key.mv_data + 8);
        return 0;
    }
    rc = partner_offers_listed(txn, &listed);
    return rc == 0 ? next_late(txn, partner, after > listed ? after : listed, offer) : rc;
}
