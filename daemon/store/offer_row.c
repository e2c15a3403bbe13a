// SPDX-License-Identifier: Apache-2.0
// Cells, and reading the rows under them. Rows are copied out, as LMDB aligns values to two bytes only.
#include "store/offer_row.h"
#include "base/date.h"
#include "store/internal.h"
#include <stdlib.h>
#include <string.h>

#define CELLS_PER_ROW 4096u // room for 360 degrees of 1/8 degree: 2,880 and the edge

struct row_scan {
    struct txn *txn;
    MDB_cursor *cursor;
    uint32_t first, last;
    bool started;
};

uint16_t
offer_row_language(const char code[2])
{
    return (uint16_t)((unsigned char)code[0] << 8 | (unsigned char)code[1]);
}

uint32_t
offer_row_free(const struct offer_row *row, bool referred, int32_t day)
{
    bool reserve_opened = row->reserved_until != DATE_NONE && day > row->reserved_until;
    uint32_t free = row->seats > row->seats_taken ? (uint32_t)(row->seats - row->seats_taken) : 0;
    uint32_t held = row->reserved > row->taken_referred ? (uint32_t)(row->reserved - row->taken_referred) : 0;

    if (referred || reserve_opened)
        return free;
    return free > held ? free - held : 0;
}

static uint32_t
cell_column(int32_t lon_e6)
{
    return (uint32_t)(lon_e6 + GEO_LON_MAX_E6) / CELL_E6;
}

uint32_t
cell_row(int32_t lat_e6)
{
    return (uint32_t)(lat_e6 + GEO_LAT_MAX_E6) / CELL_E6;
}

struct cell_range
cell_row_range(uint32_t row, int32_t lon_min_e6, int32_t lon_max_e6)
{
    return (struct cell_range){row * CELLS_PER_ROW + cell_column(lon_min_e6),
                               row * CELLS_PER_ROW + cell_column(lon_max_e6)};
}

uint32_t
cell_of(struct geo_point position)
{
    return cell_row(position.lat_e6) * CELLS_PER_ROW + cell_column(position.lon_e6);
}

int
row_scan_new(struct txn *txn, struct row_scan **out)
{
    struct row_scan *scan = calloc(1, sizeof *scan);
    int rc;

    if (scan == NULL)
        return txn_fail(txn, STORE_FAULT_MEMORY);
    scan->txn = txn;
    rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_OFFER_ROW], &scan->cursor));
    if (rc != 0) {
        free(scan);
        return rc;
    }
    *out = scan;
    return 0;
}

void
row_scan_free(struct row_scan *scan)
{
    if (scan == NULL)
        return;
    mdb_cursor_close(scan->cursor);
    free(scan);
}

void
row_scan_start(struct row_scan *scan, uint32_t first_cell, uint32_t last_cell)
{
    scan->first = first_cell;
    scan->last = last_cell;
    scan->started = false;
}

int
row_scan_next(struct row_scan *scan, struct offer_row *out)
{
    struct key from = key_cell(scan->first, 0);
    MDB_val key = {from.len, from.bytes}, value;
    int rc = txn_map(scan->txn,
                     mdb_cursor_get(scan->cursor, &key, &value, scan->started ? MDB_NEXT : MDB_SET_RANGE));

    if (rc != 0)
        return rc;
    scan->started = true;
    if (key_read_u32(key.mv_data) > scan->last)
        return STORE_E_NOT_FOUND;
    if (value.mv_size != sizeof *out)
        return txn_fail(scan->txn, STORE_FAULT_CORRUPT);
    memcpy(out, value.mv_data, sizeof *out);
    return 0;
}

int
offer_row_get(struct txn *txn, uint64_t offer_id, struct offer_row *out)
{
    struct key key = key_u64(offer_id);
    MDB_val value;
    uint32_t cell;
    int rc = table_get(txn, TABLE_OFFER_CELL, &key, &value);

    if (rc != 0)
        return rc;
    if (value.mv_size != sizeof cell)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(&cell, value.mv_data, sizeof cell);
    key = key_cell(cell, offer_id);
    rc = table_get(txn, TABLE_OFFER_ROW, &key, &value);
    if (rc < 0)
        return rc;
    if (rc != 0 || value.mv_size != sizeof *out)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(out, value.mv_data, sizeof *out);
    return 0;
}
