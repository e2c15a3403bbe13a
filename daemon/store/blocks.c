// SPDX-License-Identifier: Apache-2.0
// Which block an offer goes into, and when a small one moves into the full one beside it. Invariants: an
// offer has at most one slot with its present bit set, in the small or the full block of the stretch that its
// row lies in, or it waits in the transaction; it is looked for nowhere else.
#include "store/blocks.h"
#include "store/block.h"
#include "store/blocks_piece.h"
#include "store/blocks_waiting.h"
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

// How many of the picks, which are in order, come before another one.
static size_t
count_before(const struct merging *merging, const struct block_pick *picks, size_t n,
             const struct block_pick *other)
{
    size_t low = 0;

    while (low < n) {
        size_t middle = low + (n - low) / 2;

        if (compare_picks(&picks[middle], other, (void *)merging) < 0)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
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
    for (; n_news != 0; n_news--) { // from behind, so that nothing is written over before it has moved
        size_t before = count_before(merging, picks, n, &news[n_news - 1]);

        memmove(&picks[before + n_news], &picks[before], (n - before) * sizeof picks[0]);
        picks[before + n_news - 1] = news[n_news - 1];
        n = before;
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

static int
put_picks(struct txn *txn, const struct key *key, const struct merging *merging,
          const struct block_pick *picks, size_t n)
{
    struct blocks_content content = {
        .pieces = {merging->pieces[0], merging->pieces[1]}, .picks = picks, .n_picks = n};

    return blocks_piece_put(txn, key, &content);
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
        rc = put_picks(txn, key, merging, picks, n / 2);
    if (rc == 0)
        rc = put_picks(txn, &second, merging, middle, n - n / 2);
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
        rc = put_picks(txn, &full_key, &merging, picks, n);
    return rc == 0 ? blocks_piece_delete(txn, &small_key) : rc;
}

// ---- Offers that wait

// Puts the first of some rows of one stretch into its small block, as many as it has room for: says how many,
// or 0 when it was full and moved into the full one, by which the stretch may have been cut in two.
static int
put_first(struct txn *txn, const struct key *base, const struct offer_row *rows, size_t n_rows, size_t *done)
{
    struct key key = blocks_piece_key(base, KEY_BLOCK_SMALL);
    struct block_pick picks[BLOCK_SMALL_SLOTS];
    struct blocks_piece small;
    struct blocks_content content = {.pieces = {&small}, .picks = picks, .rows = rows};
    int rc = blocks_piece_read(txn, &key, &small);

    *done = 0;
    if (rc != 0)
        return rc;
    content.n_picks = pick_present(&small, 0, picks);
    if (content.n_picks == BLOCK_SMALL_SLOTS)
        return spill(txn, base, &small);
    content.n_rows = BLOCK_SMALL_SLOTS - content.n_picks;
    if (content.n_rows > n_rows)
        content.n_rows = n_rows;
    *done = content.n_rows;
    return blocks_piece_put(txn, &key, &content);
}

int
blocks_flush(struct txn *txn)
{
    size_t n = txn->waiting == NULL ? 0 : blocks_waiting_sort(txn->waiting), at = 0;
    int rc = 0;

    while (rc == 0 && at < n) {
        const struct offer_row *rows = blocks_waiting_at(txn->waiting, at);
        size_t near = 1, done;
        struct key base, end;

        rc = blocks_piece_base(txn, rows, &base, &end);
        if (rc != 0)
            break;
        while (at + near < n && near < BLOCK_SMALL_SLOTS && blocks_piece_reaches(&base, &end, &rows[near]))
            near++;
        rc = put_first(txn, &base, rows, near, &done);
        at += done;
    }
    if (txn->waiting != NULL)
        blocks_waiting_clear(txn->waiting);
    return rc;
}

// ---- What the index asks for

int
blocks_put(struct txn *txn, const struct offer_row *row)
{
    if (txn->waiting == NULL && (txn->waiting = blocks_waiting_new()) == NULL)
        return txn_fail(txn, STORE_FAULT_MEMORY);
    txn->blocks_changed = true;
    return blocks_waiting_add(txn->waiting, row) ? blocks_flush(txn) : 0;
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
    if (txn->waiting != NULL && blocks_waiting_take(txn->waiting, row->offer_id))
        return 0;
    return put_seats(txn, row, NULL);
}

int
blocks_mark(struct txn *txn, const struct offer_row *row)
{
    if (txn->waiting != NULL && blocks_waiting_replace(txn->waiting, row))
        return 0;
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
    int rc = blocks_flush(txn);

    if (rc == 0)
        rc = next_loose(txn, &start, &key);
    *loose = rc == 0;
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
blocks_tidy(struct txn *txn, unsigned most)
{
    struct key key = {.len = 0};
    int rc = blocks_flush(txn);

    for (unsigned i = 0; rc == 0 && i < most && (rc = next_loose(txn, &key, &key)) == 0; i++) {
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
    int rc = blocks_flush(txn);

    *good = false;
    if (rc == 0)
        rc = txn_catalog(txn, &catalog);
    if (rc == 0)
        rc = blocks_piece_find(txn, row, &key, &piece, &slot);
    if (rc == STORE_FAULT_CORRUPT)
        txn->fault = 0;
    if (rc != 0)
        return rc == STORE_FAULT_CORRUPT ? 0 : rc;
    *good = block_holds(&piece.block, catalog, slot, row) && blocks_piece_has_seats(&piece, slot, row);
    return 0;
}
