// SPDX-License-Identifier: Apache-2.0
// Writing a stream from a snapshot. Tables go in an order in which they can be read again one by one: what an
// entry leans on stands before it. Those with records go in the order of the check, so the digest is had on
// the way.
#include "proto/frame.h"
#include "store/archive.h"
#include "store/archive_tables.h"
#include "store/internal.h"
#include "store/key_check.h"
#include "store/records.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const enum table journal_tables[] = {TABLE_STUDENT, TABLE_JOURNAL};

struct archive_writer {
    struct archive_order order;
    struct txn *txn;
    MDB_cursor *cursor; // NULL between tables
    const enum table *tables;
    size_t n_tables, at;
    XXH3_state_t *sum, *digest;
    uint64_t entries;
    bool begun, ended, named; // named: the table of the entries to come was told
};

void
archive_writer_free(struct archive_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->cursor != NULL)
        mdb_cursor_close(writer->cursor);
    txn_free(writer->txn);
    XXH3_freeState(writer->sum);
    XXH3_freeState(writer->digest);
    free(writer);
}

static int
check_order(struct archive_writer *writer, struct fault *fault)
{
    struct archive_order *order = &writer->order;
    uint64_t first, last = txn_sequence(writer->txn);
    int rc = journal_first(writer->txn, &first);

    if (rc != 0 || order->kind != KANSEN__V1__STREAM_KIND__STREAM_KIND_JOURNAL)
        return rc;
    if (order->from == 0)
        order->from = first;
    // One behind it is what is new since: nothing.
    if (order->to != 0 && order->from > order->to && order->from - order->to > 1)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "to_sequence",
                         "%" PRIu64 " is before from_sequence, which is %" PRIu64, order->to, order->from);
    if (order->to == 0 || order->to > last)
        order->to = last;
    if (order->from < first)
        return fault_set(fault, CODE_OUT_OF_RANGE, "from_sequence",
                         "the journal is kept from %" PRIu64 " on, not from %" PRIu64, first, order->from);
    if (order->from > last + 1)
        return fault_set(fault, CODE_OUT_OF_RANGE, "from_sequence",
                         "the journal ends at %" PRIu64 ", so it can not be from %" PRIu64, last,
                         order->from);
    return 0;
}

int
archive_writer_new(struct store *store, const struct archive_order *order, struct archive_writer **out,
                   struct fault *fault)
{
    struct archive_writer *writer = calloc(1, sizeof *writer);
    bool journal = order->kind == KANSEN__V1__STREAM_KIND__STREAM_KIND_JOURNAL;
    int rc;

    if (writer == NULL)
        return STORE_FAULT_MEMORY;
    writer->order = *order;
    writer->tables = journal ? journal_tables : archive_tables;
    writer->n_tables = journal ? sizeof journal_tables / sizeof journal_tables[0] : ARCHIVE_TABLES;
    writer->sum = XXH3_createState();
    writer->digest = XXH3_createState();
    rc = writer->sum == NULL || writer->digest == NULL ? STORE_FAULT_MEMORY
                                                       : txn_new_read(store, &writer->txn);
    if (rc == 0)
        rc = txn_begin(writer->txn);
    if (rc == 0)
        rc = check_order(writer, fault);
    if (rc != 0) {
        archive_writer_free(writer);
        return rc;
    }
    XXH3_128bits_reset(writer->sum);
    XXH3_128bits_reset(writer->digest);
    *out = writer;
    return 0;
}

// ---- Frames

static int
add_frame(struct archive_writer *writer, const Kansen__V1__StreamFrame *frame, struct buf *out)
{
    size_t size = kansen__v1__stream_frame__get_packed_size(frame), head;
    uint8_t *to = buf_reserve(out, FRAME_HEADER_MAX + size);

    if (to == NULL)
        return STORE_FAULT_MEMORY;
    head = frame_encode_header(to, size);
    kansen__v1__stream_frame__pack(frame, to + head);
    XXH3_128bits_update(writer->sum, to, head + size);
    buf_commit(out, head + size);
    return 0;
}

static int
add_header(struct archive_writer *writer, struct buf *out)
{
    Kansen__V1__StreamFrame frame = KANSEN__V1__STREAM_FRAME__INIT;
    Kansen__V1__StreamHeader header = KANSEN__V1__STREAM_HEADER__INIT;
    uint8_t check[KEY_CHECK_BYTES];
    int rc = key_check_get(writer->txn, check);

    if (rc < 0)
        return rc;
    header.version = ARCHIVE_VERSION;
    header.kind = writer->order.kind;
    header.store_format = STORE_FORMAT;
    header.semantics = STORE_SEMANTICS;
    header.server_version = (char *)writer->order.server_version;
    header.sequence = txn_sequence(writer->txn);
    header.first_sequence = writer->order.from;
    if (rc == 0)
        header.key_check = (ProtobufCBinaryData){sizeof check, check};
    frame.body_case = KANSEN__V1__STREAM_FRAME__BODY_HEADER;
    frame.header = &header;
    return add_frame(writer, &frame, out);
}

static int
add_entry(struct archive_writer *writer, const MDB_val *key, const MDB_val *value, struct buf *out)
{
    Kansen__V1__StreamFrame frame = KANSEN__V1__STREAM_FRAME__INIT;
    Kansen__V1__StreamEntry entry = KANSEN__V1__STREAM_ENTRY__INIT;
    enum table table = writer->tables[writer->at];

    if (!writer->named)
        entry.table = (char *)store_table_name(table);
    writer->named = true;
    entry.key = (ProtobufCBinaryData){key->mv_size, key->mv_data};
    entry.value = (ProtobufCBinaryData){value->mv_size, value->mv_data};
    frame.body_case = KANSEN__V1__STREAM_FRAME__BODY_ENTRY;
    frame.entry = &entry;
    archive_tables_digest(writer->digest, table, key, value);
    writer->entries++;
    return add_frame(writer, &frame, out);
}

static int
add_trailer(struct archive_writer *writer, struct buf *out)
{
    Kansen__V1__StreamFrame frame = KANSEN__V1__STREAM_FRAME__INIT;
    Kansen__V1__StreamTrailer trailer = KANSEN__V1__STREAM_TRAILER__INIT;
    char digest[ARCHIVE_DIGEST_TEXT];
    XXH128_canonical_t sum;

    XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(writer->sum));
    trailer.entries = writer->entries;
    trailer.checksum = (ProtobufCBinaryData){sizeof sum.digest, sum.digest};
    if (writer->order.kind == KANSEN__V1__STREAM_KIND__STREAM_KIND_STORE)
        trailer.digest = archive_tables_digest_text(writer->digest, digest);
    frame.body_case = KANSEN__V1__STREAM_FRAME__BODY_TRAILER;
    frame.trailer = &trailer;
    return add_frame(writer, &frame, out);
}

// ---- Walking

// The next entry of the table at hand; STORE_E_NOT_FOUND behind the last one that is wanted.
static int
next_entry(struct archive_writer *writer, MDB_val *key, MDB_val *value)
{
    struct txn *txn = writer->txn;
    enum table table = writer->tables[writer->at];
    bool journal =
        table == TABLE_JOURNAL && writer->order.kind == KANSEN__V1__STREAM_KIND__STREAM_KIND_JOURNAL;
    struct key from = key_u64(writer->order.from);
    MDB_val at = {from.len, from.bytes};
    int rc = 0;

    if (writer->cursor != NULL) {
        rc = txn_map(txn, mdb_cursor_get(writer->cursor, key, value, MDB_NEXT));
    } else {
        rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[table], &writer->cursor));
        if (rc == 0)
            rc =
                txn_map(txn, mdb_cursor_get(writer->cursor, &at, value, journal ? MDB_SET_RANGE : MDB_FIRST));
        if (rc == 0)
            *key = at; // in the store now
    }
    return rc == 0 && journal && key_read_u64(key->mv_data) > writer->order.to ? (int)STORE_E_NOT_FOUND : rc;
}

static int
write_entry(struct archive_writer *writer, struct buf *out)
{
    MDB_val key, value;
    int rc = next_entry(writer, &key, &value);

    if (rc == 0 && writer->tables[writer->at] == TABLE_META && !archive_tables_has_meta(&key))
        return 0;
    if (rc == 0)
        return add_entry(writer, &key, &value, out);
    if (rc != STORE_E_NOT_FOUND)
        return rc;
    mdb_cursor_close(writer->cursor);
    writer->cursor = NULL;
    writer->named = false;
    writer->at++;
    return 0;
}

int
archive_write(struct archive_writer *writer, size_t most, struct buf *out, bool *end)
{
    size_t before = buf_len(out);
    int rc = writer->begun ? 0 : add_header(writer, out);

    writer->begun = true;
    while (rc == 0 && writer->at < writer->n_tables && buf_len(out) - before < most)
        rc = write_entry(writer, out);
    if (rc == 0 && writer->at == writer->n_tables && !writer->ended) {
        rc = add_trailer(writer, out);
        writer->ended = true;
    }
    *end = writer->ended;
    return rc;
}
