// SPDX-License-Identifier: Apache-2.0
// Which block an offer goes into, and when a small one moves into the full one beside it. Invariants: an
// offer has at most one slot with its present bit set, in the small or the full block of the stretch that its
// row lies in; an offer is looked for nowhere else.
#include "store/blocks.h"
#include "store/block.h"
#include "store/blocks_piece.h"
#include "store/internal.h"
#include <stdlib.h>
#include <string.h>

#define PICKS_MAX (BLOCK_SLOTS + BLOCK_SMALL_SLOTS)

// So many offers in a small block are worth writing the full one again for, when nothing else is to do.
#define WORTH_MOVING 16u

// ---- What a row says again

bool
blocks_same_seats(const struct offer_row *a, const struct offer_row *b)
{
    return (a->flags & OFFER_ROW_LIVE) == (b->flags & OFFER_ROW_LIVE) &&
           blocks_piece_row_free(a, true) == blocks_piece_row_free(b, true) &&
           blocks_piece_row_free(a, false) == blocks_piece_row_free(b, false);
}

bool
blocks_same_place(const struct offer_row *a, const struct offer_row *b)
{
    struct offer_row other = *b;

    other.seats = a->seats;
    other.seats_taken = a->seats_taken;
    other.reserved = a->reserved;
    other.taken_referred = a->taken_referred;
    other.flags = (uint8_t)((b->flags & ~OFFER_ROW_LIVE) | (a->flags & OFFER_ROW_LIVE));
    return memcmp(a, &other, sizeof other) == 0;
}

// ---- From small to full

// The present slots of a piece, in the order that they are in.
static size_t
pick_present(const struct blocks_piece *piece, uint16_t part, struct block_pick *picks)
{
    size_t n = 0;

    for (size_t slot = 0; piece->there && slot < piece->block.header->used; slot++)
        if (blocks_piece_bit(piece, slot, SEATS_PRESENT))
            picks[n++] = (struct block_pick){part, (uint16_t)slot};
    return n;
}

// Two pieces whose slots are put in order of place.
struct merging {
    struct blocks_piece *pieces[BLOCK_PARTS];
    bool remote;
};

static int
compare_picks(const void *a, const void *b, void *arg)
{
    const struct merging *merging = arg;
    const struct block_pick *x = a, *y = b;
    const struct block_slot *at_x = &merging->pieces[x->part]->block.slots[x->slot];
    const struct block_slot *at_y = &merging->pieces[y->part]->block.slots[y->slot];
    uint64_t code_x = merging->remote ? 0 : key_morton(at_x->point);
    uint64_t code_y = merging->remote ? 0 : key_morton(at_y->point);

    if (code_x != code_y)
        return code_x < code_y ? -1 : 1;
    return at_x->offer < at_y->offer ? -1 : at_x->offer > at_y->offer;
}

// Fills picks with the present slots of both pieces, in order of place; a full piece (the first) is in order
// already.
static size_t
merge_picks(struct merging *merging, struct block_pick picks[PICKS_MAX])
{
    struct block_pick news[BLOCK_SMALL_SLOTS];
    size_t n_news = pick_present(merging->pieces[1], 1, news), n = pick_present(merging->pieces[0], 0, picks);
    size_t all = n + n_news;

    qsort_r(news, n_news, sizeof news[0], compare_picks, merging);
    for (size_t at = all; n_news != 0;
         at--) { // from behind, so that nothing is written over before it has moved
        if (n != 0 && compare_picks(&picks[n - 1], &news[n_news - 1], merging) > 0)
            picks[at - 1] = picks[--n];
        else
            picks[at - 1] = news[--n_news];
    }
    return all;
}

// Takes a piece's block out of the store, where the next write may move it. Free *copy. 0 or a fault.
static int
keep_piece(struct txn *txn, struct blocks_piece *piece, void **copy)
{
    *copy = NULL;
    if (!piece->there)
        return 0;
    *copy = malloc(piece->block.header->size);
    if (*copy == NULL)
        return txn_fail(txn, STORE_FAULT_MEMORY);
    memcpy(*copy, piece->block.header, piece->block.header->size);
    piece->block = block_open(*copy);
    return 0;
}

// Writes more slots than a block holds as two blocks.
static int
put_halves(struct txn *txn, const struct key *key, struct merging *merging, const struct block_pick *picks,
           size_t n)
{
    const struct block_pick *middle = &picks[n / 2];
    const struct block_slot *slot = &merging->pieces[middle->part]->block.slots[middle->slot];
    struct key second = key_block(KEY_BLOCK_FULL, merging->remote ? KEY_BLOCK_REMOTE : KEY_BLOCK_PLACED,
                                  slot->point, slot->offer);
    void *copies[BLOCK_PARTS] = {NULL, NULL};
    int rc = keep_piece(txn, merging->pieces[0], &copies[0]);

    if (rc == 0)
        rc = keep_piece(txn, merging->pieces[1], &copies[1]);
    if (rc == 0)
        rc = blocks_piece_put(txn, key, merging->pieces, picks, n / 2, NULL);
    if (rc == 0)
        rc = blocks_piece_put(txn, &second, merging->pieces, middle, n - n / 2, NULL);
    free(copies[0]);
    free(copies[1]);
    return rc;
}

// Moves what a small block holds into the full one beside it.
static int
spill(struct txn *txn, const struct key *base, struct blocks_piece *small)
{
    struct key full_key = blocks_piece_key(base, KEY_BLOCK_FULL),
               small_key = blocks_piece_key(base, KEY_BLOCK_SMALL);
    struct block_pick picks[PICKS_MAX];
    struct blocks_piece full;
    struct merging merging = {{&full, small}, base->bytes[1] == KEY_BLOCK_REMOTE};
    int rc = blocks_piece_read(txn, &full_key, &full);
    size_t n = 0;

    if (rc == 0)
        n = merge_picks(&merging, picks);
    if (rc == 0 && n > BLOCK_SLOTS)
        rc = put_halves(txn, &full_key, &merging, picks, n);
    else if (rc == 0 && n != 0)
        rc = blocks_piece_put(txn, &full_key, merging.pieces, picks, n, NULL);
    return rc == 0 ? blocks_piece_delete(txn, &small_key) : rc;
}

// ---- What the index asks for

int
blocks_put(struct txn *txn, const struct offer_row *row)
{
    struct block_pick picks[BLOCK_SMALL_SLOTS];
    struct blocks_piece small, *pieces[BLOCK_PARTS] = {&small, NULL};
    struct key base, key;
    size_t n;
    int rc = blocks_piece_base(txn, row, &base);

    if (rc != 0)
        return rc;
    key = blocks_piece_key(&base, KEY_BLOCK_SMALL);
    rc = blocks_piece_read(txn, &key, &small);
    if (rc != 0)
        return rc;
    n = pick_present(&small, 0, picks);
    if (n == BLOCK_SMALL_SLOTS) {
        rc = spill(txn, &base, &small);
        small.there = false;
        n = 0;
        if (rc == 0)
            rc = blocks_piece_base(txn, row, &base); // it may have been cut in two
        key = blocks_piece_key(&base, KEY_BLOCK_SMALL);
    }
    return rc == 0 ? blocks_piece_put(txn, &key, pieces, picks, n, row) : rc;
}

static bool
is_empty(const struct blocks_piece *piece)
{
    for (size_t slot = 0; slot < piece->block.header->used; slot++)
        if (blocks_piece_bit(piece, slot, SEATS_PRESENT))
            return false;
    return true;
}

// Writes the seats of the slot that row's offer is in: those that `seats` asks for, or none, which gives the
// slot up.
static int
put_seats(struct txn *txn, const struct offer_row *row, const struct offer_row *seats)
{
    struct blocks_piece piece;
    struct key key;
    size_t slot;
    int rc = blocks_piece_find(txn, row, &key, &piece, &slot);

    if (rc != 0)
        return rc;
    blocks_piece_set_seats(&piece, slot, seats);
    // A full block stays, as it says where a stretch starts; it takes new offers again.
    if (seats == NULL && key.bytes[0] == KEY_BLOCK_SMALL && is_empty(&piece))
        return blocks_piece_delete(txn, &key);
    return blocks_piece_put_seats(txn, &key, &piece, slot / BLOCK_GROUP);
}

int
blocks_remove(struct txn *txn, const struct offer_row *row)
{
    return put_seats(txn, row, NULL);
}

int
blocks_mark(struct txn *txn, const struct offer_row *row)
{
    return put_seats(txn, row, row);
}

// ---- Tidying

// The next small block behind `after` (len 0: the first) that has WORTH_MOVING slots. 0 with its key,
// STORE_E_NOT_FOUND or a fault.
static int
next_loose(struct txn *txn, const struct key *after, struct key *found)
{
    MDB_val key = {after->len, (void *)after->bytes}, body;
    MDB_cursor *cursor;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_BLOCK_BODY], &cursor));

    if (rc != 0)
        return rc;
    rc = txn_map(txn, mdb_cursor_get(cursor, &key, &body, after->len == 0 ? MDB_FIRST : MDB_SET_RANGE));
    while (rc == 0) {
        if (*(const uint8_t *)key.mv_data != KEY_BLOCK_SMALL) {
            rc = STORE_E_NOT_FOUND; // the full ones come behind
            break;
        }
        if (block_open(body.mv_data).header->used >= WORTH_MOVING) {
            *found = key_bytes(key.mv_data, key.mv_size);
            break;
        }
        rc = txn_map(txn, mdb_cursor_get(cursor, &key, &body, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return rc;
}

int
blocks_loose(struct txn *txn, bool *loose)
{
    struct key start = {.len = 0}, key;
    int rc = next_loose(txn, &start, &key);

    *loose = rc == 0;
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
blocks_tidy(struct txn *txn, unsigned most)
{
    struct key key = {.len = 0};
    int rc = 0;

    for (unsigned i = 0; i < most && (rc = next_loose(txn, &key, &key)) == 0; i++) {
        struct blocks_piece small;

        rc = blocks_piece_read(txn, &key, &small);
        if (rc == 0)
            rc = spill(txn, &key, &small);
        if (rc != 0)
            return rc;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// ---- The offline check

int
blocks_check(struct txn *txn, const struct offer_row *row, bool *good)
{
    const struct catalog *catalog;
    struct blocks_piece piece;
    struct key key;
    size_t slot;
    int rc = txn_catalog(txn, &catalog);

    *good = false;
    if (rc == 0)
        rc = blocks_piece_find(txn, row, &key, &piece, &slot);
    if (rc == STORE_FAULT_CORRUPT)
        txn->fault = 0;
    if (rc != 0)
        return rc == STORE_FAULT_CORRUPT ? 0 : rc;
    *good = block_holds(&piece.block, catalog, slot, row) && blocks_piece_has_seats(&piece, slot, row);
    return 0;
}
