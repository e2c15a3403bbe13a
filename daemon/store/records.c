// SPDX-License-Identifier: Apache-2.0
// Reading records: by key, by external id, and the next one of a listing.
#include "store/records.h"
#include "base/date.h"
#include "store/internal.h"
#include <string.h>

// The next record behind a key: a seek to the key's successor.
static int
record_next(struct txn *txn, enum table table, const struct key *from, const ProtobufCMessageDescriptor *type,
            struct arena *arena, void *out)
{
    MDB_val key, value;
    int rc = table_seek(txn, table, from, &key, &value);

    return rc != 0 ? rc : record_unpack(txn, &key, &value, type, arena, out);
}

static struct key
behind_u64(uint64_t id)
{
    struct key key = key_u64(id);

    key.bytes[key.len++] = 0; // nothing lies between a key and the key with a zero byte more
    return key;
}

static struct key
behind_text(const char *text)
{
    struct key key = key_text(text);

    if (key.len > 0)
        key.bytes[key.len++] = 0;
    return key;
}

static int
find_external(struct txn *txn, enum table table, const char *source, const char *external_id, uint64_t *id)
{
    struct key key = key_external(source, external_id);
    MDB_val value;
    int rc = table_get(txn, table, &key, &value);

    if (rc != 0)
        return rc;
    if (value.mv_size != sizeof *id)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(id, value.mv_data, sizeof *id);
    return 0;
}

int
partner_find(struct txn *txn, const char *source, const char *external_id, uint64_t *id)
{
    return find_external(txn, TABLE_PARTNER_EXT, source, external_id, id);
}

int
offer_find(struct txn *txn, const char *source, const char *external_id, uint64_t *id)
{
    return find_external(txn, TABLE_OFFER_EXT, source, external_id, id);
}

int
partner_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__Partner **out)
{
    struct key key = key_u64(id);

    return record_get(txn, TABLE_PARTNER, &key, &kansen__v1__partner__descriptor, arena, out);
}

int
offer_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__Offer **out)
{
    struct key key = key_u64(id);

    return record_get(txn, TABLE_OFFER, &key, &kansen__v1__offer__descriptor, arena, out);
}

int
interest_get(struct txn *txn, const char *code, struct arena *arena, Kansen__V1__Interest **out)
{
    struct key key = key_text(code);

    return record_get(txn, TABLE_INTEREST, &key, &kansen__v1__interest__descriptor, arena, out);
}

int
region_get(struct txn *txn, const char *code, struct arena *arena, Kansen__V1__Region **out)
{
    struct key key = key_text(code);

    return record_get(txn, TABLE_REGION, &key, &kansen__v1__region__descriptor, arena, out);
}

int
postcode_get(struct txn *txn, uint32_t postcode, struct arena *arena, Kansen__V1__Postcode **out)
{
    struct key key;

    if (postcode > UINT16_MAX)
        return STORE_E_NOT_FOUND;
    key = key_u16((uint16_t)postcode);
    return record_get(txn, TABLE_POSTCODE, &key, &kansen__v1__postcode__descriptor, arena, out);
}

int
journal_get(struct txn *txn, uint64_t sequence, struct arena *arena, Kansen__V1__JournalEntry **out)
{
    struct key key = key_u64(sequence);

    return record_get(txn, TABLE_JOURNAL, &key, &kansen__v1__journal_entry__descriptor, arena, out);
}

int
journal_first(struct txn *txn, uint64_t *sequence)
{
    uint64_t trimmed;
    int rc = meta_get(txn, META_LAST_TRIMMED, &trimmed);

    if (rc < 0)
        return rc;
    *sequence = trimmed + 1;
    return 0;
}

int
partner_next(struct txn *txn, uint64_t after, struct arena *arena, Kansen__V1__Partner **out)
{
    struct key from = behind_u64(after);

    return record_next(txn, TABLE_PARTNER, &from, &kansen__v1__partner__descriptor, arena, out);
}

int
offer_next(struct txn *txn, uint64_t after, struct arena *arena, Kansen__V1__Offer **out)
{
    struct key from = behind_u64(after);

    return record_next(txn, TABLE_OFFER, &from, &kansen__v1__offer__descriptor, arena, out);
}

int
interest_next(struct txn *txn, const char *after, struct arena *arena, Kansen__V1__Interest **out)
{
    struct key from = behind_text(after);

    return record_next(txn, TABLE_INTEREST, &from, &kansen__v1__interest__descriptor, arena, out);
}

int
region_next(struct txn *txn, const char *after, struct arena *arena, Kansen__V1__Region **out)
{
    struct key from = behind_text(after);

    return record_next(txn, TABLE_REGION, &from, &kansen__v1__region__descriptor, arena, out);
}

int
postcode_next(struct txn *txn, uint32_t after, struct arena *arena, Kansen__V1__Postcode **out)
{
    struct key from;

    if (after >= UINT16_MAX)
        return STORE_E_NOT_FOUND;
    from = key_u16((uint16_t)(after + 1));
    return record_next(txn, TABLE_POSTCODE, &from, &kansen__v1__postcode__descriptor, arena, out);
}

int
journal_next(struct txn *txn, uint64_t after, struct arena *arena, Kansen__V1__JournalEntry **out)
{
    struct key from = behind_u64(after);

    return record_next(txn, TABLE_JOURNAL, &from, &kansen__v1__journal_entry__descriptor, arena, out);
}

static bool
is_valid_on(const int32_t days[2], int32_t day)
{
    return (days[0] == DATE_NONE || days[0] <= day) && (days[1] == DATE_NONE || day <= days[1]);
}

int
accreditation_each(struct txn *txn, uint32_t crebo, int32_t day, int (*each)(void *arg, uint64_t partner),
                   void *arg)
{
    struct key from = key_accreditation(crebo, 0, 0);
    MDB_val key = {from.len, from.bytes}, value;
    MDB_cursor *cursor;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_ACCREDITATION], &cursor));

    if (rc != 0)
        return rc;
    rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    while (rc == 0 && key.mv_size == from.len && key_read_u32(key.mv_data) == crebo) {
        int32_t days[2];

        if (value.mv_size != sizeof days) {
            rc = txn_fail(txn, STORE_FAULT_CORRUPT);
            break;
        }
        memcpy(days, value.mv_data, sizeof days);
        if (is_valid_on(days, day))
            rc = each(arg, key_read_u64((const uint8_t *)key.mv_data + sizeof crebo));
        if (rc == 0)
            rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}
