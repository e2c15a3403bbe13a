// SPDX-License-Identifier: Apache-2.0
// What a row of an offer says in a block: the columns in which it has a bit, and its numbers. One place for
// it, so that what is made and what is checked cannot differ. For the block_*.c files only.
#ifndef STORE_BLOCK_ROW_H
#define STORE_BLOCK_ROW_H

#include "store/block.h"

#define BLOCK_ROW_COLUMNS_MAX 192u // 8 interests with 3 above each and the one just above, and all the sets

// A column, as it is told from others.
struct column_id {
    uint32_t class, id;
};

// The columns in which a row has a bit; some may come twice. Returns how many.
size_t block_row_columns(const struct catalog *catalog, const struct offer_row *row,
                         struct column_id out[BLOCK_ROW_COLUMNS_MAX]);

// The numbers of a row.
void block_row_fields(const struct offer_row *row, int32_t out[BLOCK_FIELDS]);

#endif
