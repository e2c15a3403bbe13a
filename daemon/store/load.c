// SPDX-License-Identifier: Apache-2.0
// Entries are put as they are, but for the offer index, which is derived. Nothing is changed before the
// header is known to be good; then the store is emptied. Invariant: the reader has taken the pieces up to
// `taken`; a transaction that fails leaves it ahead of the store, so the stream is of no use any more.
#include "store/load.h"
#include "proto/frame.h"
#include "store/archive.h"
#include "store/archive_tables.h"
#include "store/index.h"
#include "store/key_check.h"
#include "store/load_state.h"
#include "store/placement.h"
#include "store/records.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX ((size_t)256 << 20) // bytes for one frame
#define HEADER_MAX 4096u               // bytes of the first frame

struct load {
    struct archive_reader *reader;
    XXH3_state_t *digest;
    struct arena *arena, *partners;
    Kansen__V1__Partner *partner; // of the last offer, in partners
    struct buf waiting;           // bytes of a frame that is not whole
    uint64_t taken;
    bool broken;
};

void
load_free(struct load *load)
{
    if (load == NULL)
        return;
    archive_reader_free(load->reader);
    XXH3_freeState(load->digest);
    arena_free(load->arena);
    arena_free(load->partners);
    buf_free(&load->waiting);
    free(load);
}

static struct load *
load_new(void)
{
    struct load *load = calloc(1, sizeof *load);

    if (load == NULL)
        return NULL;
    load->reader = archive_reader_new();
    load->digest = XXH3_createState();
    load->arena = arena_new(MEMORY_MAX);
    load->partners = arena_new(MEMORY_MAX);
    if (load->reader == NULL || load->digest == NULL || load->arena == NULL || load->partners == NULL) {
        load_free(load);
        return NULL;
    }
    XXH3_128bits_reset(load->digest);
    return load;
}

static int
useless(struct fault *fault, const char *why)
{
    return fault_set(fault, CODE_DATA_LOSS, "load_stream", "the stream was cut or altered: %s", why);
}

// ---- Emptying

static int
check_empty(struct txn *txn, struct fault *fault)
{
    static const enum table tables[] = {TABLE_PARTNER, TABLE_OFFER, TABLE_PLACEMENT, TABLE_CLIENT,
                                        TABLE_ROUND};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        MDB_stat stat;
        int rc = txn_map(txn, mdb_stat(txn->mdb, txn->store->dbi[tables[i]], &stat));

        if (rc != 0)
            return rc;
        if (stat.ms_entries != 0)
            return fault_set(fault, CODE_FAILED_PRECONDITION, "load_stream",
                             "a stream is read into an empty store only, and this one has entries in %s",
                             store_table_name(tables[i]));
    }
    return 0;
}

// Numbers by which memory tells one state of the store from another go on, and the key stays the same.
static int
empty_tables(struct txn *txn, bool loading)
{
    uint8_t check[KEY_CHECK_BYTES];
    struct key key = key_text(META_KEY_CHECK);
    uint64_t generation = 0, blocks = 0;
    int known = key_check_get(txn, check);
    int rc = known < 0 ? known : meta_get(txn, META_GENERATION, &generation);

    if (rc >= 0)
        rc = meta_get(txn, META_BLOCKS, &blocks);
    for (int table = 0; table < TABLE_COUNT && rc >= 0; table++)
        rc = txn_map(txn, mdb_drop(txn->mdb, txn->store->dbi[table], 0));
    if (rc >= 0)
        rc = meta_put(txn, META_FORMAT, STORE_FORMAT);
    if (rc == 0)
        rc = meta_put(txn, META_GENERATION, generation + 1);
    if (rc == 0)
        rc = meta_put(txn, META_BLOCKS, blocks + 1);
    if (rc == 0 && known == 0)
        rc = table_put(txn, TABLE_META, &key, check, sizeof check, 0);
    if (rc == 0 && loading)
        rc = meta_put(txn, META_LOADING, 1);
    txn->catalog_known = txn->directory_known = txn->sequence_known = false;
    txn->blocks_changed = txn->clients_changed = true;
    memset(txn->ids, 0, sizeof txn->ids);
    return rc;
}

// Whether the store holds a part of a stream: of this one, or of one before it that was not read to its end.
static int
holds_part(struct txn *txn, bool *holds)
{
    uint64_t loading = 0;
    int rc = meta_get(txn, META_LOADING, &loading);

    *holds = rc >= 0 && loading != 0;
    return rc < 0 ? rc : 0;
}

int
load_clean(struct txn *txn, bool *emptied)
{
    int rc = holds_part(txn, emptied);

    return rc == 0 && *emptied ? empty_tables(txn, false) : rc;
}

// Takes over what is to be read, and keeps others out meanwhile.
static int
begin(struct txn *txn, struct fault *fault)
{
    bool loading = store_is_loading(txn->store);
    // One that this transaction has ended is over, though others are kept out until it is committed.
    int rc = loading && !txn->load_ends ? 0 : check_empty(txn, fault);

    if (rc != 0)
        return rc;
    txn->load_ends = false;
    load_free(txn->store->load);
    txn->store->load = load_new();
    if (txn->store->load == NULL)
        return STORE_FAULT_MEMORY;
    txn->load_begins = txn->load_begins || !loading;
    atomic_store(&txn->store->loading, true);
    return 0;
}

void
load_lost(struct txn *txn)
{
    if (txn->load_taken && txn->store->load != NULL)
        txn->store->load->broken = true;
    if (txn->load_begins)
        atomic_store(&txn->store->loading, false);
    txn->load_begins = txn->load_taken = false;
}

// ---- Entries

static int
table_named(const char *name)
{
    for (unsigned i = 0; i < ARCHIVE_TABLES; i++) {
        if (strcmp(store_table_name(archive_tables[i]), name) == 0)
            return (int)archive_tables[i];
    }
    return -1;
}

// Row, card and block of an offer. Offers of a partner often stand together.
static int
derive_offer(struct txn *txn, struct load *load, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Offer *offer = NULL;
    int rc = record_unpack(txn, key, value, &kansen__v1__offer__descriptor, load->arena, &offer);

    if (rc == 0 && (load->partner == NULL || load->partner->id != offer->partner_id)) {
        load->partner = NULL;
        arena_reset(load->partners);
        rc = partner_get(txn, offer->partner_id, load->partners, &load->partner);
    }
    return rc == 0 ? index_put(txn, offer, load->partner) : rc;
}

// The seat that a placement takes, in the row of its offer.
static int
derive_seat(struct txn *txn, struct load *load, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Placement *placement = NULL;
    int rc;

    if (key->mv_size != 16 || value->mv_size != 1)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    rc = placement_get(txn, key_read_u64((const uint8_t *)key->mv_data + 8), load->arena, &placement);
    if (rc != 0 || !placement_takes_seat(placement->state))
        return rc;
    return index_take_seats(txn, placement->offer_id, 1, placement->referred ? 1 : 0);
}

static int
put_entry(struct txn *txn, struct load *load, const Kansen__V1__StreamEntry *entry, struct fault *fault)
{
    MDB_val key = {entry->key.len, entry->key.data}, value = {entry->value.len, entry->value.data};
    int table = table_named(entry->table), rc;
    bool meta = table == TABLE_META;

    if (table < 0)
        return fault_set(fault, CODE_FAILED_PRECONDITION, "load_stream",
                         "this version knows no table '%.32s'", entry->table);
    if (meta && !archive_tables_has_meta(&key))
        return useless(fault, "it has a number that is none of a stream's");
    if (key.mv_size == 0 || key.mv_size > STORE_KEY_MAX)
        return useless(fault, "a key has no proper length");
    txn_step(txn);
    rc = txn_map(txn, mdb_put(txn->mdb, txn->store->dbi[table], &key, &value, meta ? 0 : MDB_APPEND));
    if (rc > 0)
        return useless(fault, "entries are not in order");
    archive_tables_digest(load->digest, (enum table)table, &key, &value);
    if (rc == 0 && table == TABLE_OFFER)
        rc = derive_offer(txn, load, &key, &value);
    if (rc == 0 && table == TABLE_SEAT)
        rc = derive_seat(txn, load, &key, &value);
    return rc > 0 || rc == STORE_FAULT_CORRUPT ? useless(fault, "an entry does not fit those before it") : rc;
}

// ---- Frames

// The key by which hashes were made is not in a stream: the store must have it.
static int
check_header(struct txn *txn, const Kansen__V1__StreamHeader *header, struct fault *fault)
{
    uint8_t check[KEY_CHECK_BYTES];
    int rc = key_check_get(txn, check);

    if (rc < 0)
        return rc;
    if (header->kind != KANSEN__V1__STREAM_KIND__STREAM_KIND_STORE)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "load_stream",
                         "this is the stream of a journal, which kansend --replay reads, not of a store");
    if (rc == 0 && header->key_check.len == sizeof check &&
        memcmp(header->key_check.data, check, sizeof check) == 0)
        return 0;
    return fault_set(fault, CODE_FAILED_PRECONDITION, "load_stream",
                     "the stream is of a store with another kansen.key: put that key into the data directory "
                     "before the store is made, see Moving in kansend(8)");
}

static int
take_header(struct txn *txn, const Kansen__V1__StreamHeader *header, struct fault *fault)
{
    int rc = check_header(txn, header, fault);

    return rc == 0 ? empty_tables(txn, true) : rc;
}

static int
check_trailer(const struct load *load, const Kansen__V1__StreamTrailer *trailer, struct fault *fault)
{
    char digest[ARCHIVE_DIGEST_TEXT];

    if (strcmp(trailer->digest, archive_tables_digest_text(load->digest, digest)) != 0)
        return useless(fault, "its records have another digest");
    return 0;
}

static int
take_frame(struct txn *txn, struct load *load, const uint8_t *bytes, size_t len, struct fault *fault)
{
    Kansen__V1__StreamFrame *frame = NULL;
    int rc = archive_read(load->reader, bytes, len, load->arena, &frame, fault);

    if (rc == 0 && frame->body_case == KANSEN__V1__STREAM_FRAME__BODY_HEADER)
        rc = take_header(txn, frame->header, fault);
    else if (rc == 0 && frame->body_case == KANSEN__V1__STREAM_FRAME__BODY_ENTRY)
        rc = put_entry(txn, load, frame->entry, fault);
    else if (rc == 0)
        rc = check_trailer(load, frame->trailer, fault);
    arena_reset(load->arena);
    return rc;
}

// Before the header is there, a text or a picture must not pass for the beginning of a long frame.
static int
check_length(const struct load *load, enum frame_result result, const struct frame *frame,
             struct fault *fault)
{
    bool none = archive_header(load->reader) == NULL;
    bool whole = result == FRAME_WHOLE;

    if (none && (whole ? frame->payload_len > HEADER_MAX
                       : result != FRAME_PARTIAL || buf_len(&load->waiting) > HEADER_MAX))
        return archive_no_stream(fault);
    return whole || result == FRAME_PARTIAL ? 0 : useless(fault, "a frame has no proper length");
}

static int
take_frames(struct txn *txn, struct load *load, struct fault *fault)
{
    int rc = 0;

    // What stands behind the trailer is refused by the reader.
    while (rc == 0 && buf_len(&load->waiting) > 0) {
        struct frame frame;
        enum frame_result result =
            frame_decode(buf_bytes(&load->waiting), buf_len(&load->waiting), ARCHIVE_FRAME_MAX, &frame);

        rc = check_length(load, result, &frame, fault);
        if (rc != 0 || result == FRAME_PARTIAL)
            return rc;
        rc = take_frame(txn, load, buf_bytes(&load->waiting) + frame.header_len, frame.payload_len, fault);
        buf_consume(&load->waiting, frame.header_len + frame.payload_len);
    }
    return rc;
}

// Ends the stream, and takes out what was put of one. Says in *emptied whether something was.
static int
give_up(struct txn *txn, bool *emptied)
{
    int rc = holds_part(txn, emptied);

    if (rc == 0 && *emptied)
        rc = empty_tables(txn, false);
    if (rc != 0)
        return rc;
    load_free(txn->store->load);
    txn->store->load = NULL;
    txn->store->load_whole = false;
    txn->load_ends = true;
    return 0;
}

// A refusal is committed with its group, so what was put must go; and whoever reads it wants to know what the
// store is now.
static int
refuse(struct txn *txn, struct fault *fault)
{
    size_t len = strlen(fault->message);
    bool emptied = false;

    if (give_up(txn, &emptied) != 0)
        return txn_fault(txn);
    snprintf(fault->message + len, sizeof fault->message - len, "; %s",
             emptied ? "the store is empty now, as before its first start" : "nothing was changed");
    return FAULT;
}

// The whole stream was good.
static int
finish(struct txn *txn, struct fault *fault)
{
    struct load *load = txn->store->load;
    uint32_t format = archive_header(load->reader)->store_format;
    struct key loading = key_text(META_LOADING);
    int rc;

    if (buf_len(&load->waiting) > 0)
        return useless(fault, "something stands behind its end");
    rc = table_del(txn, TABLE_META, &loading);
    if (rc == 0 && format < STORE_FORMAT)
        rc = upgrade_run(txn, format);
    if (rc != 0)
        return rc;
    load_free(load);
    txn->store->load = NULL;
    txn->store->load_whole = true;
    txn->clients_changed = txn->load_ends = true;
    return 0;
}

int
load_piece(struct txn *txn, uint64_t offset, const uint8_t *bytes, size_t len, struct fault *fault)
{
    struct load *load;
    int rc = offset == 0 ? begin(txn, fault) : 0;

    if (rc != 0)
        return rc;
    load = txn->store->load;
    if (load == NULL || load->broken || load->taken != offset)
        return fault_set(fault, CODE_FAILED_PRECONDITION, "load_stream.offset",
                         "this is not the next piece of a stream that is being read");
    load->partner = NULL; // a transaction of its own
    load->taken += len;
    txn->load_taken = true;
    rc = buf_append(&load->waiting, bytes, len) == 0 ? take_frames(txn, load, fault) : STORE_FAULT_MEMORY;
    load->broken = rc != 0;
    if (rc == 0 && archive_ended(load->reader))
        rc = finish(txn, fault);
    return rc == FAULT ? refuse(txn, fault) : rc;
}

int
load_drop(struct txn *txn, struct fault *fault)
{
    bool emptied = false;

    if (!store_is_loading(txn->store) || txn->load_ends)
        return fault_set(fault, CODE_FAILED_PRECONDITION, "load_stream", "no stream is being read");
    return give_up(txn, &emptied);
}
