// SPDX-License-Identifier: Apache-2.0
// What of a store is in a stream. Only daemon/store/*.c may include this.
#ifndef STORE_ARCHIVE_TABLES_H
#define STORE_ARCHIVE_TABLES_H

#include "store/internal.h"
#include <stdbool.h>
#include <xxhash.h>

#define ARCHIVE_TABLES      38u // all but offer_row, card and the three of the blocks
#define ARCHIVE_DIGEST_TEXT 33u // bytes with the end

// The tables of a store's stream, in their order: all but the offer index (offer_row, card, block_*), which
// is derived from the others when it is read.
extern const enum table archive_tables[ARCHIVE_TABLES];

_Static_assert(ARCHIVE_TABLES + 5 == TABLE_COUNT, "a new table is in a stream, or derived when one is read");

// Whether a number of the table meta is in a stream: those that say what the others are derived from. Pure.
bool archive_tables_has_meta(const MDB_val *key);

// Takes an entry into the digest over all records, if its table is one of them; and the digest as text, which
// out then holds.
void archive_tables_digest(XXH3_state_t *digest, enum table table, const MDB_val *key, const MDB_val *value);
char *archive_tables_digest_text(const XXH3_state_t *digest, char out[ARCHIVE_DIGEST_TEXT]);

#endif
