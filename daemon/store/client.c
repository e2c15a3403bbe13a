// SPDX-License-Identifier: Apache-2.0
// Clients by name; tokens by id, and by the hash of their text while they are not revoked.
#include "store/client.h"
#include "store/internal.h"
#include <sodium.h>
#include <string.h>

int
client_get(struct txn *txn, const char *name, struct arena *arena, Kansen__V1__Client **out)
{
    struct key key;

    if (strlen(name) >= STORE_KEY_MAX || name[0] == '\0')
        return STORE_E_NOT_FOUND;
    key = key_text(name);
    return record_get(txn, TABLE_CLIENT, &key, &kansen__v1__client__descriptor, arena, out);
}

int
token_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__StoredToken **out)
{
    struct key key = key_u64(id);

    return record_get(txn, TABLE_TOKEN, &key, &kansen__v1__stored_token__descriptor, arena, out);
}

// The first record behind a key, which has room for a byte more.
static int
behind(struct txn *txn, enum table table, struct key *key, const ProtobufCMessageDescriptor *type,
       struct arena *arena, void *out)
{
    MDB_val found, value;
    int rc;

    key->bytes[key->len++] = 0; // nothing lies between a key and the key with a zero byte more
    rc = table_seek(txn, table, key, &found, &value);
    return rc != 0 ? rc : record_unpack(txn, &found, &value, type, arena, out);
}

int
client_next(struct txn *txn, const char *after, struct arena *arena, Kansen__V1__Client **out)
{
    struct key key;

    if (strlen(after) >= STORE_KEY_MAX)
        return STORE_E_NOT_FOUND;
    key = key_text(after);
    return behind(txn, TABLE_CLIENT, &key, &kansen__v1__client__descriptor, arena, out);
}

int
token_next(struct txn *txn, uint64_t after, struct arena *arena, Kansen__V1__StoredToken **out)
{
    struct key key = key_u64(after);

    return behind(txn, TABLE_TOKEN, &key, &kansen__v1__stored_token__descriptor, arena, out);
}

int
token_find(struct txn *txn, const uint8_t hash[TOKEN_HASH_BYTES], struct arena *arena,
           Kansen__V1__StoredToken **out)
{
    struct key key = key_bytes(hash, TOKEN_HASH_BYTES);
    Kansen__V1__StoredToken *token = NULL;
    MDB_val value;
    uint64_t id;
    int rc = table_get(txn, TABLE_TOKEN_HASH, &key, &value);

    if (rc != 0)
        return rc;
    if (value.mv_size != sizeof id)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(&id, value.mv_data, sizeof id);
    rc = token_get(txn, id, arena, &token);
    if (rc == STORE_E_NOT_FOUND)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    if (rc != 0)
        return rc;
    // The record has a checksum, the entry has none: one that leads to another's token is found out here.
    if (token->token == NULL || token->hash.len != TOKEN_HASH_BYTES ||
        sodium_memcmp(token->hash.data, hash, TOKEN_HASH_BYTES) != 0)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    *out = token;
    return 0;
}

bool
client_may_call(const Kansen__V1__Client *client, const Kansen__V1__Token *token, int64_t now_us)
{
    if (client->status != KANSEN__V1__CLIENT_STATUS__CLIENT_STATUS_ACTIVE)
        return false;
    if (token == NULL)
        return client->certificate_login;
    return strcmp(token->client, client->name) == 0 && token->revoked_us == 0 &&
           (token->expires_us == 0 || now_us < token->expires_us);
}

int
client_may_still(struct txn *txn, const char *name, uint64_t token, int64_t now_us, struct arena *arena,
                 bool *may)
{
    Kansen__V1__StoredToken *stored = NULL;
    Kansen__V1__Client *client = NULL;
    int rc = client_get(txn, name, arena, &client);

    if (rc == 0 && token != 0)
        rc = token_get(txn, token, arena, &stored);
    if (rc < 0)
        return rc;
    *may = rc == 0 && client_may_call(client, stored == NULL ? NULL : stored->token, now_us);
    return 0;
}

uint64_t
client_generation(struct store *store)
{
    return atomic_load(&store->client_generation);
}

bool
client_changed(const struct txn *txn)
{
    return txn->clients_changed;
}

int
client_put(struct txn *txn, const Kansen__V1__Client *client)
{
    struct key key = key_text(client->name);

    txn->clients_changed = true;
    return record_put(txn, TABLE_CLIENT, &key, &client->base);
}

int
token_put(struct txn *txn, const Kansen__V1__StoredToken *token, const Kansen__V1__StoredToken *old)
{
    struct key key = key_u64(token->token->id), hash;
    int rc = record_put(txn, TABLE_TOKEN, &key, &token->base);

    txn->clients_changed = true;
    if (rc == 0 && old != NULL && old->hash.len > 0) {
        hash = key_bytes(old->hash.data, old->hash.len);
        rc = table_del(txn, TABLE_TOKEN_HASH, &hash);
    }
    if (rc == 0 && token->hash.len > 0) {
        hash = key_bytes(token->hash.data, token->hash.len);
        rc = table_put(txn, TABLE_TOKEN_HASH, &hash, &token->token->id, sizeof token->token->id,
                       MDB_NOOVERWRITE);
    }
    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}
