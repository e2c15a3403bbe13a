// SPDX-License-Identifier: Apache-2.0
// One value in the table meta.
#include "store/key_check.h"
#include "store/internal.h"
#include <string.h>

int
key_check_get(struct txn *txn, uint8_t out[KEY_CHECK_BYTES])
{
    struct key key = key_text(META_KEY_CHECK);
    MDB_val value;
    int rc = table_get(txn, TABLE_META, &key, &value);

    if (rc != 0)
        return rc;
    if (value.mv_size != KEY_CHECK_BYTES)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(out, value.mv_data, KEY_CHECK_BYTES);
    return 0;
}

int
key_check_set(struct store *store, const uint8_t check[KEY_CHECK_BYTES])
{
    struct key key = key_text(META_KEY_CHECK);
    struct txn *txn = NULL;
    int rc = txn_new_write(store, &txn);

    if (rc == 0)
        rc = txn_begin(txn);
    if (rc == 0)
        rc = check != NULL ? table_put(txn, TABLE_META, &key, check, KEY_CHECK_BYTES, 0)
                           : table_del(txn, TABLE_META, &key);
    if (rc == 0)
        rc = txn_commit(txn);
    txn_free(txn);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}
