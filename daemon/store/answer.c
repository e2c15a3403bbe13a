// SPDX-License-Identifier: Apache-2.0
// Answers kept under idempotency keys, and by age, so that old ones can be let go.
#include "store/internal.h"
#include "store/placement.h"
#include <string.h>

int
answer_get(struct txn *txn, const char *client, const char *name, struct arena *arena,
           Kansen__V1__KeptAnswer **out)
{
    struct key key = key_external(client, name);

    return record_get(txn, TABLE_ANSWER, &key, &kansen__v1__kept_answer__descriptor, arena, out);
}

int
answer_oldest(struct txn *txn, int64_t *time_us)
{
    struct key from = {0};
    MDB_val key, value;
    int rc = table_seek(txn, TABLE_ANSWER_AGE, &from, &key, &value);

    if (rc == 0)
        *time_us = (int64_t)key_read_u64(key.mv_data);
    return rc;
}

int
answer_put(struct txn *txn, const char *client, const char *name, const Kansen__V1__KeptAnswer *answer)
{
    struct key key = key_external(client, name), age = key_answer_age(answer->time_us, &key);
    int rc = record_put(txn, TABLE_ANSWER, &key, &answer->base);

    return rc == 0 ? table_put(txn, TABLE_ANSWER_AGE, &age, "", 0, 0) : rc;
}

// An answer may have been kept again, later, under the same key: it goes only with its own age.
static int
purge_one(struct txn *txn, const struct key *age, struct arena *arena)
{
    struct key key = key_bytes(age->bytes + 8, age->len - 8);
    Kansen__V1__KeptAnswer *answer;
    int rc = record_get(txn, TABLE_ANSWER, &key, &kansen__v1__kept_answer__descriptor, arena, &answer);

    if (rc == 0 && (uint64_t)answer->time_us == key_read_u64(age->bytes))
        rc = table_del(txn, TABLE_ANSWER, &key);
    if (rc < 0)
        return rc;
    rc = table_del(txn, TABLE_ANSWER_AGE, age);
    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}

int
answer_purge(struct txn *txn, int64_t before_us, unsigned most)
{
    struct arena *arena = arena_new(SIZE_MAX / 2);
    struct key from = {0};
    int rc = arena == NULL ? txn_fail(txn, STORE_FAULT_MEMORY) : 0;

    for (unsigned i = 0; i < most && rc == 0; i++) {
        MDB_val key, value;
        struct key age;

        rc = table_seek(txn, TABLE_ANSWER_AGE, &from, &key, &value);
        if (rc != 0 || (int64_t)key_read_u64(key.mv_data) >= before_us)
            break;
        age = key_bytes(key.mv_data, key.mv_size);
        rc = purge_one(txn, &age, arena);
        arena_reset(arena);
    }
    arena_free(arena);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}
