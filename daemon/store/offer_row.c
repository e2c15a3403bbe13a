// SPDX-License-Identifier: Apache-2.0
// Rows are copied out, as LMDB aligns small values to two bytes only.
#include "store/offer_row.h"
#include "base/date.h"
#include "store/internal.h"
#include <string.h>

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

static int
read_row(struct txn *txn, const MDB_val *value, struct offer_row *out)
{
    if (value->mv_size != sizeof *out)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(out, value->mv_data, sizeof *out);
    return 0;
}

int
offer_row_get(struct txn *txn, uint64_t offer_id, struct offer_row *out)
{
    struct key key = key_number(offer_id);
    MDB_val value;
    int rc = table_get(txn, TABLE_OFFER_ROW, &key, &value);

    return rc == 0 ? read_row(txn, &value, out) : rc;
}

int
offer_row_next(struct txn *txn, uint64_t after, struct offer_row *out)
{
    struct key from = key_number(after + 1);
    MDB_val key, value;
    int rc = after == UINT64_MAX ? STORE_E_NOT_FOUND : table_seek(txn, TABLE_OFFER_ROW, &from, &key, &value);

    return rc == 0 ? read_row(txn, &value, out) : rc;
}
