// SPDX-License-Identifier: Apache-2.0
// A block lies under one key in three tables: head (the box of each group), body (store/block.h), and seats,
// a value for each group. Invariants: the three have the same keys and groups; a small block has a small key;
// a group that was read or made has all its seats in the piece.
#include "store/blocks_piece.h"
#include "store/internal.h"
#include <string.h>

// ---- Keys and seats

static struct key
row_key(enum key_block_size size, const struct offer_row *row)
{
    if ((row->flags & OFFER_ROW_REMOTE) != 0)
        return key_block(size, KEY_BLOCK_REMOTE, (struct geo_point){0, 0}, row->offer_id);
    return key_block(size, KEY_BLOCK_PLACED, row->position, row->offer_id);
}

uint16_t
blocks_piece_row_free(const struct offer_row *row, bool referred)
{
    return (uint16_t)offer_row_free(row, referred, INT32_MIN);
}

static bool
row_bit(const struct offer_row *row, enum seats_bit bit)
{
    if (bit == SEATS_PRESENT)
        return true;
    return (row->flags & OFFER_ROW_LIVE) != 0 && blocks_piece_row_free(row, bit == SEATS_REFERRED) != 0;
}

static void
open_piece(struct blocks_piece *piece, const void *body)
{
    piece->there = true;
    piece->block = block_open(body);
    piece->width = seats_width(piece->block.header->words == 1);
    piece->groups = (piece->block.header->used + BLOCK_GROUP - 1) / BLOCK_GROUP;
}

static void
put_bit(struct blocks_piece *piece, size_t slot, enum seats_bit bit, bool on)
{
    size_t in_group = slot % BLOCK_GROUP;
    uint8_t *byte = &piece->seats[slot / BLOCK_GROUP][bit * piece->width + in_group / 8];
    uint8_t mask = (uint8_t)(1u << in_group % 8);

    *byte = (uint8_t)(on ? *byte | mask : *byte & ~mask);
}

static void
put_free(struct blocks_piece *piece, size_t slot, bool referred, uint16_t free)
{
    memcpy(piece->seats[slot / BLOCK_GROUP] + seats_free_at(piece->width, referred, slot % BLOCK_GROUP),
           &free, sizeof free);
}

static uint16_t
get_free(const struct blocks_piece *piece, size_t slot, bool referred)
{
    return seats_free(piece->seats[slot / BLOCK_GROUP], piece->width, referred, slot % BLOCK_GROUP);
}

void
blocks_piece_set_seats(struct blocks_piece *piece, size_t slot, const struct offer_row *row)
{
    for (int bit = 0; bit < SEATS_BITS; bit++)
        put_bit(piece, slot, bit, row != NULL && row_bit(row, bit));
    for (int referred = 0; referred < 2; referred++)
        put_free(piece, slot, referred != 0, row == NULL ? 0 : blocks_piece_row_free(row, referred != 0));
}

bool
blocks_piece_has_seats(const struct blocks_piece *piece, size_t slot, const struct offer_row *row)
{
    bool good = get_free(piece, slot, true) == blocks_piece_row_free(row, true) &&
                get_free(piece, slot, false) == blocks_piece_row_free(row, false);

    for (int bit = 0; bit < SEATS_BITS; bit++)
        if (blocks_piece_bit(piece, slot, bit) != row_bit(row, bit))
            good = false;
    return good;
}

// Adds the seats of a slot to those of one whose bits are all 0.
static void
copy_seats(const struct blocks_piece *from, size_t from_slot, struct blocks_piece *to, size_t to_slot)
{
    const uint8_t *seats = from->seats[from_slot / BLOCK_GROUP];
    uint8_t *out = to->seats[to_slot / BLOCK_GROUP];
    size_t was = from_slot % BLOCK_GROUP, is = to_slot % BLOCK_GROUP;

    for (int bit = 0; bit < SEATS_BITS; bit++)
        out[bit * to->width + is / 8] |=
            (uint8_t)((seats[bit * from->width + was / 8] >> was % 8 & 1) << is % 8);
    for (int referred = 0; referred < 2; referred++)
        put_free(to, to_slot, referred != 0, get_free(from, from_slot, referred != 0));
}

// ---- Reading

// Whether a key is one of the heads of the same kind of place.
static bool
is_beside(const MDB_val *key, const struct key *wanted)
{
    return key->mv_size == wanted->len && memcmp(key->mv_data, wanted->bytes, KEY_BLOCK_PREFIX) == 0;
}

int
blocks_piece_base(struct txn *txn, const struct offer_row *row, struct key *base, struct key *end)
{
    struct key wanted = row_key(KEY_BLOCK_FULL, row);
    MDB_val key = {wanted.len, wanted.bytes}, value;
    MDB_cursor *cursor;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_BLOCK_HEAD], &cursor));

    if (rc != 0)
        return rc;
    end->len = 0;
    wanted.bytes[wanted.len] = 0; // the first key behind row's, as its own may be that of a head
    key.mv_size++;
    rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    if (rc == 0 && is_beside(&key, &wanted))
        *end = key_bytes(key.mv_data, key.mv_size);
    if (rc >= 0)
        rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, rc == 0 ? MDB_PREV : MDB_LAST));
    if (rc == 0 && is_beside(&key, &wanted))
        *base = key_bytes(key.mv_data, key.mv_size);
    else if (rc >= 0) {
        *base = wanted;
        memset(base->bytes + KEY_BLOCK_PREFIX, 0, base->len - KEY_BLOCK_PREFIX);
    }
    mdb_cursor_close(cursor);
    return rc < 0 ? rc : 0;
}

bool
blocks_piece_reaches(const struct key *base, const struct key *end, const struct offer_row *row)
{
    struct key key = row_key(KEY_BLOCK_FULL, row);

    return memcmp(key.bytes, base->bytes, KEY_BLOCK_PREFIX) == 0 &&
           (end->len == 0 || memcmp(key.bytes, end->bytes, key.len) < 0);
}

struct key
blocks_piece_key(const struct key *base, enum key_block_size size)
{
    struct key key = *base;

    key.bytes[0] = (uint8_t)size;
    return key;
}

static int
read_body(struct txn *txn, const struct key *key, struct blocks_piece *piece)
{
    MDB_val body;
    int rc = table_get(txn, TABLE_BLOCK_BODY, key, &body);

    piece->there = false;
    if (rc != 0)
        return rc == STORE_E_NOT_FOUND ? 0 : rc;
    if (!block_fits(body.mv_data, body.mv_size))
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    open_piece(piece, body.mv_data);
    return (piece->block.header->words == 1) == (key->bytes[0] == KEY_BLOCK_SMALL)
               ? 0
               : txn_fail(txn, STORE_FAULT_CORRUPT);
}

static int
read_seats(struct txn *txn, const struct key *key, struct blocks_piece *piece, size_t group)
{
    struct key group_key = key_group(key, (uint8_t)group);
    MDB_val seats;
    int rc = table_get(txn, TABLE_BLOCK_SEATS, &group_key, &seats);

    if (rc < 0)
        return rc;
    if (rc != 0 || seats.mv_size != seats_size(piece->width))
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(piece->seats[group], seats.mv_data, seats.mv_size);
    return 0;
}

int
blocks_piece_read(struct txn *txn, const struct key *key, struct blocks_piece *piece)
{
    int rc = read_body(txn, key, piece);

    for (size_t group = 0; rc == 0 && piece->there && group < piece->groups; group++)
        rc = read_seats(txn, key, piece, group);
    return rc;
}

// Looks for an offer in a piece whose body was read; reads the seats of the groups that may have it. 0 with
// *slot, STORE_E_NOT_FOUND or a fault.
static int
find_slot(struct txn *txn, const struct key *key, struct blocks_piece *piece, uint64_t offer, size_t *slot)
{
    for (size_t i = 0; piece->there && i < piece->block.header->used; i++) {
        int rc;

        if (piece->block.slots[i].offer != offer)
            continue;
        rc = read_seats(txn, key, piece, i / BLOCK_GROUP);
        if (rc != 0)
            return rc;
        if (blocks_piece_bit(piece, i, SEATS_PRESENT)) {
            *slot = i;
            return 0;
        }
    }
    return STORE_E_NOT_FOUND;
}

int
blocks_piece_find(struct txn *txn, const struct offer_row *row, struct key *key, struct blocks_piece *piece,
                  size_t *slot)
{
    struct key base, end;
    int rc = blocks_piece_base(txn, row, &base, &end);

    for (int size = KEY_BLOCK_SMALL; size <= KEY_BLOCK_FULL && rc == 0; size++) {
        *key = blocks_piece_key(&base, size);
        rc = read_body(txn, key, piece);
        if (rc == 0)
            rc = find_slot(txn, key, piece, row->offer_id, slot);
        if (rc != STORE_E_NOT_FOUND)
            return rc;
        rc = 0;
    }
    return rc != 0 ? rc : txn_fail(txn, STORE_FAULT_CORRUPT);
}

// ---- Writing

int
blocks_piece_put_seats(struct txn *txn, const struct key *key, const struct blocks_piece *piece, size_t group)
{
    struct key group_key = key_group(key, (uint8_t)group);

    txn->blocks_changed = true;
    return table_put(txn, TABLE_BLOCK_SEATS, &group_key, piece->seats[group], seats_size(piece->width), 0);
}

// Removes the seats of groups from `first` on.
static int
delete_seats_from(struct txn *txn, const struct key *key, size_t first)
{
    for (size_t group = first; group < BLOCKS_PIECE_GROUPS; group++) {
        struct key group_key = key_group(key, (uint8_t)group);
        int rc = table_del(txn, TABLE_BLOCK_SEATS, &group_key);

        if (rc != 0)
            return rc == STORE_E_NOT_FOUND ? 0 : rc;
    }
    return 0;
}

static int
put_all_seats(struct txn *txn, const struct key *key, const struct blocks_piece *piece)
{
    int rc = 0;

    for (size_t group = 0; group < piece->groups && rc == 0; group++)
        rc = blocks_piece_put_seats(txn, key, piece, group);
    return rc == 0 && piece->width == BLOCK_GROUP_BYTES ? delete_seats_from(txn, key, piece->groups) : rc;
}

static int
put_head(struct txn *txn, const struct key *key, const struct blocks_piece *piece)
{
    size_t size = piece->groups * sizeof(struct block_box);
    struct block_box boxes[BLOCKS_PIECE_GROUPS];
    MDB_val old;
    int rc = table_get(txn, TABLE_BLOCK_HEAD, key, &old);

    if (rc < 0)
        return rc;
    for (size_t group = 0; group < piece->groups; group++)
        boxes[group] = block_group_box(&piece->block, group);
    if (rc == 0 && old.mv_size == size && memcmp(old.mv_data, boxes, size) == 0)
        return 0;
    return table_put(txn, TABLE_BLOCK_HEAD, key, boxes, size, 0);
}

int
blocks_piece_delete(struct txn *txn, const struct key *key)
{
    int rc = table_del(txn, TABLE_BLOCK_HEAD, key);

    if (rc == 0)
        rc = table_del(txn, TABLE_BLOCK_BODY, key);
    if (rc == 0)
        rc = delete_seats_from(txn, key, 0);
    txn->blocks_changed = true;
    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}

// The body of a block, in memory of txn that is good until the next one.
static int
make_body(struct txn *txn, const struct blocks_content *content, bool small, const void **bytes, size_t *size)
{
    struct block_source source = {.picks = content->picks,
                                  .n_picks = content->n_picks,
                                  .rows = content->rows,
                                  .n_rows = content->n_rows,
                                  .small = small};
    const struct catalog *catalog;
    int rc = txn_catalog(txn, &catalog);

    for (size_t part = 0; part < BLOCK_PARTS; part++)
        if (content->pieces[part] != NULL && content->pieces[part]->there)
            source.parts[part] = &content->pieces[part]->block;
    if (rc == 0 && txn->build == NULL && (txn->build = block_build_new()) == NULL)
        rc = txn_fail(txn, STORE_FAULT_MEMORY);
    if (rc == 0 && block_build(txn->build, catalog, &source, bytes, size) != 0)
        rc = txn_fail(txn, STORE_FAULT_MEMORY);
    return rc;
}

int
blocks_piece_put(struct txn *txn, const struct key *key, const struct blocks_content *content)
{
    struct blocks_piece made;
    const void *bytes;
    size_t size;
    int rc = make_body(txn, content, key->bytes[0] == KEY_BLOCK_SMALL, &bytes, &size);

    if (rc != 0)
        return rc;
    open_piece(&made, bytes);
    memset(made.seats, 0, made.groups * sizeof made.seats[0]);
    for (size_t i = 0; i < content->n_picks; i++)
        copy_seats(content->pieces[content->picks[i].part], content->picks[i].slot, &made, i);
    for (size_t i = 0; i < content->n_rows; i++)
        blocks_piece_set_seats(&made, content->n_picks + i, &content->rows[i]);
    rc = table_put(txn, TABLE_BLOCK_BODY, key, bytes, size, 0);
    if (rc == 0)
        rc = put_head(txn, key, &made);
    return rc == 0 ? put_all_seats(txn, key, &made) : rc;
}
