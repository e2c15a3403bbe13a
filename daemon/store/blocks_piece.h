// SPDX-License-Identifier: Apache-2.0
// One block in its tables, as it is read and written inside a write transaction: its keys, its body and its
// seats. For blocks.c only.
#ifndef STORE_BLOCKS_PIECE_H
#define STORE_BLOCKS_PIECE_H

#include "base/attr.h"
#include "store/block.h"
#include "store/key.h"
#include "store/offer_row.h"
#include "store/seats.h"

struct txn;

#define BLOCKS_PIECE_GROUPS (BLOCK_SLOTS / BLOCK_GROUP)

// A block that was read or made: its body, which lies in the store until the next write, and copies of the
// seats of its groups.
struct blocks_piece {
    bool there;
    struct block block;
    size_t groups, width; // of a column of a group, bytes
    uint8_t seats[BLOCKS_PIECE_GROUPS][SEATS_SIZE_MAX];
};

// ---- Seats

// Free seats on a day when no reserve has opened.
uint16_t blocks_piece_row_free(const struct offer_row *row, bool referred);

static inline bool
blocks_piece_bit(const struct blocks_piece *piece, size_t slot, enum seats_bit bit)
{
    return block_bit(seats_column(piece->seats[slot / BLOCK_GROUP], bit, piece->width), slot % BLOCK_GROUP);
}

// Fills in the seats of a slot; row NULL gives it up.
void blocks_piece_set_seats(struct blocks_piece *piece, size_t slot, const struct offer_row *row);

// Whether the seats of a slot are those that row asks for.
bool blocks_piece_has_seats(const struct blocks_piece *piece, size_t slot, const struct offer_row *row);

// ---- Reading

// The key of the full block whose stretch row lies in. Before the first one there may be a small block only;
// then it is the start of the order. end: the key where the next stretch starts, with len 0 where none
// follows. 0 or a fault.
int blocks_piece_base(struct txn *txn, const struct offer_row *row, struct key *base,
                      struct key *end) MUST_CHECK;

// Whether row, which lies behind base, lies in its stretch.
bool blocks_piece_reaches(const struct key *base, const struct key *end, const struct offer_row *row);

// The key of the block of a size in the same stretch.
struct key blocks_piece_key(const struct key *base, enum key_block_size size);

// Reads a block with all its seats; piece->there tells whether there is one. 0 or a fault.
int blocks_piece_read(struct txn *txn, const struct key *key, struct blocks_piece *piece) MUST_CHECK;

// Finds the slot of a row's offer: *key and *piece are its block's, with the seats of its group. 0 or a
// fault, CORRUPT if there is none.
int blocks_piece_find(struct txn *txn, const struct offer_row *row, struct key *key,
                      struct blocks_piece *piece, size_t *slot) MUST_CHECK;

// ---- Writing

// Writes the seats of a group. 0 or a fault.
int blocks_piece_put_seats(struct txn *txn, const struct key *key, const struct blocks_piece *piece,
                           size_t group) MUST_CHECK;

// Removes a block that is there. 0 or a fault.
int blocks_piece_delete(struct txn *txn, const struct key *key) MUST_CHECK;

// What a block is made of: present slots of pieces (NULL: none), in their new order, and rows behind them.
struct blocks_content {
    struct blocks_piece *pieces[BLOCK_PARTS];
    const struct block_pick *picks;
    size_t n_picks;
    const struct offer_row *rows;
    size_t n_rows;
};

// Makes and writes a block. Seats move with their slots. 0 or a fault.
int blocks_piece_put(struct txn *txn, const struct key *key, const struct blocks_content *content) MUST_CHECK;

#endif
