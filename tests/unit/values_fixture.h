// SPDX-License-Identifier: Apache-2.0
// Values of the blocks' tables, taken out of a store and put into it again, damaged or whole.
#ifndef TESTS_UNIT_VALUES_FIXTURE_H
#define TESTS_UNIT_VALUES_FIXTURE_H

#include "tests/unit/blocks_fixture.h"

// A value of one of the blocks' tables, out of the store, with room to make it longer.
struct value {
    enum table table;
    struct key key;
    uint8_t *bytes;
    size_t size;
    bool gone; // it shall not be there
};

// Of the first placed block of a size.
static inline struct value
take(struct fixture *fixture, enum table table, enum key_block_size size)
{
    struct key from = key_block(size, KEY_BLOCK_PLACED, (struct geo_point){-90000000, -180000000}, 0);
    struct value value = {.table = table};
    MDB_val key, stored;

    assert_int_equal(txn_begin(fixture->write), 0);
    assert_int_equal(table_seek(fixture->write, table, &from, &key, &stored), 0);
    assert_memory_equal(key.mv_data, from.bytes, KEY_BLOCK_PREFIX);
    value.key = key_bytes(key.mv_data, key.mv_size);
    value.size = stored.mv_size;
    value.bytes = malloc(2 * value.size);
    assert_non_null(value.bytes);
    memcpy(value.bytes, stored.mv_data, value.size);
    txn_end(fixture->write);
    return value;
}

static inline struct value
copy_of(const struct value *value)
{
    struct value copy = *value;

    copy.bytes = malloc(2 * copy.size);
    assert_non_null(copy.bytes);
    memcpy(copy.bytes, value->bytes, copy.size);
    return copy;
}

static inline void
put(struct fixture *fixture, const struct value *value)
{
    int rc;

    assert_int_equal(txn_begin(fixture->write), 0);
    rc = value->gone ? table_del(fixture->write, value->table, &value->key)
                     : table_put(fixture->write, value->table, &value->key, value->bytes, value->size, 0);
    assert_int_equal(rc, 0);
    assert_int_equal(txn_commit(fixture->write), 0);
}

#endif
