// SPDX-License-Identifier: Apache-2.0
// Records: eight bytes of checksum, then the packed message. The checksum covers the key too (as its seed),
// so a record under a wrong key is noticed as well.
#include "store/internal.h"
#include <string.h>
#include <xxhash.h>

static uint64_t
checksum(const void *key, size_t key_len, const void *bytes, size_t len)
{
    return XXH3_64bits_withSeed(bytes, len, XXH3_64bits(key, key_len));
}

static int
put_with(struct txn *txn, enum table table, const struct key *key, const ProtobufCMessage *message,
         unsigned flags)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    MDB_val k = {key->len, (void *)key->bytes}, v = {sizeof(uint64_t) + len, NULL};
    uint64_t sum;
    int rc;

    txn_step(txn);
    rc = txn_map(txn, mdb_put(txn->mdb, txn->store->dbi[table], &k, &v, MDB_RESERVE | flags));
    if (rc != 0)
        return rc;
    protobuf_c_message_pack(message, (uint8_t *)v.mv_data + sizeof sum);
    sum = checksum(key->bytes, key->len, (uint8_t *)v.mv_data + sizeof sum, len);
    memcpy(v.mv_data, &sum, sizeof sum);
    return 0;
}

int
record_put(struct txn *txn, enum table table, const struct key *key, const ProtobufCMessage *message)
{
    return put_with(txn, table, key, message, 0);
}

int
record_append(struct txn *txn, enum table table, const struct key *key, const ProtobufCMessage *message)
{
    int rc = put_with(txn, table, key, message, MDB_APPEND);

    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc; // a later key is there already
}

const uint8_t *
record_open(const MDB_val *key, const MDB_val *value, size_t *len)
{
    const uint8_t *bytes = value->mv_data;
    uint64_t sum;

    if (value->mv_size < sizeof sum)
        return NULL;
    *len = value->mv_size - sizeof sum;
    memcpy(&sum, bytes, sizeof sum);
    return sum == checksum(key->mv_data, key->mv_size, bytes + sizeof sum, *len) ? bytes + sizeof sum : NULL;
}

int
record_unpack(struct txn *txn, const MDB_val *key, const MDB_val *value,
              const ProtobufCMessageDescriptor *type, struct arena *arena, void *out)
{
    ProtobufCMessage *message;
    size_t len;
    const uint8_t *bytes = record_open(key, value, &len);

    if (bytes == NULL)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    message = protobuf_c_message_unpack(type, arena_allocator(arena), len, bytes);
    if (message == NULL)
        return txn_fail(txn, STORE_FAULT_MEMORY); // the bytes are as they were packed
    memcpy(out, &message, sizeof(void *));
    return 0;
}

int
record_get(struct txn *txn, enum table table, const struct key *key, const ProtobufCMessageDescriptor *type,
           struct arena *arena, void *out)
{
    MDB_val k = {key->len, (void *)key->bytes}, value;
    int rc = table_get(txn, table, key, &value);

    return rc != 0 ? rc : record_unpack(txn, &k, &value, type, arena, out);
}
