// SPDX-License-Identifier: Apache-2.0
// What the files of the store share: its tables, the bodies of its structs, and access to a table by key.
// Only daemon/store/*.c may include this.
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/key.h"
#include "store/store.h"
#include "store/write.h"
#include <lmdb.h>
#include <protobuf-c/protobuf-c.h>
#include <stdatomic.h>

enum table {
    TABLE_META,
    TABLE_PARTNER,
    TABLE_PARTNER_EXT,
    TABLE_PARTNER_OFFER,
    TABLE_ACCREDITATION,
    TABLE_OFFER,
    TABLE_OFFER_EXT,
    TABLE_OFFER_ROW,
    TABLE_CARD,
    TABLE_BLOCK_HEAD,
    TABLE_BLOCK_BODY,
    TABLE_BLOCK_SEATS,
    TABLE_INTEREST,
    TABLE_REGION,
    TABLE_POSTCODE,
    TABLE_FUND,
    TABLE_JOURNAL,
    TABLE_PLACEMENT,
    TABLE_SEAT,
    TABLE_TURN,
    TABLE_STUDENT,
    TABLE_STUDENT_SEAT,
    TABLE_STUDENT_END,
    TABLE_ENDED,
    TABLE_HOLD,
    TABLE_DUE,
    TABLE_DECLINE,
    TABLE_ANSWER,
    TABLE_ANSWER_AGE,
    TABLE_CLIENT,
    TABLE_TOKEN,
    TABLE_TOKEN_HASH,
    TABLE_ROUND,
    TABLE_ROUND_PLAN,
    TABLE_ROUND_PLACE,
    TABLE_ROUND_NAME,
    TABLE_ROUND_BUSY,
    TABLE_ROUND_OFFER,
    TABLE_OFFER_ROUND,
    TABLE_ROUND_STUDENT,
    TABLE_ROUND_RESULT,
    TABLE_ROUND_PIN,
    TABLE_ROUND_OBJECTION,
    TABLE_COUNT,
};

struct store {
    MDB_env *env;
    MDB_dbi dbi[TABLE_COUNT];
    int lock_fd; // holds the directory's lock; -1 = none
    _Atomic uint64_t client_generation;
    unsigned upgraded_from; // 0 = it was not
    bool emptied;           // when it was opened
    struct load *load;      // the stream that is read into it; NULL = none. The writer's
    bool load_whole;        // the last one that has ended was good. The writer's
    _Atomic bool loading;   // nothing else may be done
};

struct txn {
    struct store *store;
    MDB_txn *mdb; // NULL between transactions of a writer
    bool write;
    bool begun;
    bool places_changed; // regions changed: rows with a derived place are due before the commit
    bool blocks_changed; // blocks or cards: the index gets a new generation with the commit
    bool clients_changed;
    bool load_begins;       // with this transaction: if it fails, nothing is being read
    bool load_taken;        // a piece was taken: if it fails, the store lacks what the reader has
    bool load_ends;         // with the commit nothing is being read into the store any more
    int fault;              // sticks until the end
    _Atomic uint64_t steps; // puts and deletions so far
    bool sequence_known;
    uint64_t sequence;           // of the last journal entry, once known
    size_t snapshot;             // LMDB's number of the snapshot that what is known was read from; 0 = none
    struct catalog *catalog;     // as of catalog_generation; NULL = none loaded
    uint64_t catalog_generation; // of the store's taxonomy
    bool catalog_known;          // the one that is loaded is the one of this moment
    bool catalog_uncommitted;    // loaded after changes of this very transaction
    struct directory *directory; // of the blocks, as of directory_generation; NULL = none loaded
    bool directory_known;        // the one that is loaded is this snapshot's
    uint64_t directory_generation;
    struct block_build *build;      // of a writer; NULL = not needed yet
    struct blocks_waiting *waiting; // the same; the offers that blocks_flush puts
    struct buf chunk, card;         // of a writer: what a value is put together in
    struct {
        bool known, changed; // changed: to be put before the commit
        uint64_t last;
    } ids[STORE_ID_COUNT];
};

const char *store_table_name(enum table table);

// Maps a return code of LMDB: 0, STORE_E_NOT_FOUND, STORE_E_EXISTS, or a fault, which then sticks to txn.
int txn_map(struct txn *txn, int mdb_rc) MUST_CHECK;

// Counts a change, for txn_steps. The transaction's thread.
void txn_step(struct txn *txn);

// Counts the pages that hold something, in all tables and in LMDB's own trees. 0 or a fault.
int txn_pages(struct txn *txn, uint64_t *pages) MUST_CHECK;

// Makes a fault stick; returns it.
static inline int
txn_fail(struct txn *txn, enum store_fault fault)
{
    if (txn->fault == 0)
        txn->fault = fault;
    return fault;
}

// One value of a table. 0, STORE_E_NOT_FOUND, STORE_E_EXISTS (put with MDB_NOOVERWRITE) or a fault.
int table_get(struct txn *txn, enum table table, const struct key *key, MDB_val *out) MUST_CHECK;
int table_put(struct txn *txn, enum table table, const struct key *key, const void *value, size_t len,
              unsigned flags) MUST_CHECK;
int table_del(struct txn *txn, enum table table, const struct key *key) MUST_CHECK;

// The first entry with a key at or behind `from`. 0, STORE_E_NOT_FOUND at the end, or a fault.
int table_seek(struct txn *txn, enum table table, const struct key *from, MDB_val *key,
               MDB_val *value) MUST_CHECK;

#define CARD_CHUNK 64u // cards in a value

struct card_chunk {
    const uint8_t *bytes;
    size_t size;
};

// The value with the cards of a chunk: from memory where txn_directory was asked and it was looked up before
// in the same generation. 0, STORE_E_NOT_FOUND or a fault.
int directory_chunk(struct txn *txn, uint64_t number, struct card_chunk *out) MUST_CHECK;

// Numbers in the table meta; a missing one is 0.
#define META_FORMAT         "format"
#define META_GENERATION     "taxonomy_generation"
#define META_BLOCKS         "blocks_generation"
#define META_LAST_PARTNER   "last_partner"
#define META_LAST_OFFER     "last_offer"
#define META_LAST_INTEREST  "last_interest"
#define META_LAST_REGION    "last_region"
#define META_LAST_FUND      "last_fund"
#define META_LAST_PLACEMENT "last_placement"
#define META_LAST_LISTED    "last_listed" // id of the last offer that has an entry in partner_offer
#define META_LAST_CLIENT    "last_client"
#define META_LAST_TOKEN     "last_token"
#define META_KEY_CHECK      "key_check"
#define META_LOADING        "loading" // 1 while a stream is read into the store
#define META_LAST_ROUND     "last_round"
#define META_LAST_OBJECTION "last_objection"
#define META_LAST_TRIMMED   "last_trimmed" // sequence of the last journal entry that was let go
int meta_get(struct txn *txn, const char *name, uint64_t *out) MUST_CHECK;
int meta_put(struct txn *txn, const char *name, uint64_t value) MUST_CHECK;

// Brings a store of an older format to STORE_FORMAT, in the transaction that opens it. 0 or a fault.
int upgrade_run(struct txn *txn, uint64_t from) MUST_CHECK;

// Puts the last ids that were given in this transaction.
int ids_put(struct txn *txn) MUST_CHECK;

// Records: a checksum over key and bytes (XXH3, 64 bits), then the packed message. out is the address of a
// pointer to the message's struct; the message is in arena.
int record_put(struct txn *txn, enum table table, const struct key *key,
               const ProtobufCMessage *message) MUST_CHECK;
int record_append(struct txn *txn, enum table table, const struct key *key,
                  const ProtobufCMessage *message) MUST_CHECK; // behind all others, or the store is damaged
int record_get(struct txn *txn, enum table table, const struct key *key,
               const ProtobufCMessageDescriptor *type, struct arena *arena, void *out) MUST_CHECK;
int record_unpack(struct txn *txn, const MDB_val *key, const MDB_val *value,
                  const ProtobufCMessageDescriptor *type, struct arena *arena, void *out) MUST_CHECK;

// The message in a record whose checksum holds; NULL when it does not. Pure.
const uint8_t *record_open(const MDB_val *key, const MDB_val *value, size_t *len);

// Reads the whole taxonomy that txn sees. Freed by catalog_free.
int catalog_load(struct txn *txn, struct catalog **out) MUST_CHECK;
void catalog_free(struct catalog *catalog);
void directory_free(struct directory *directory); // NULL is safe

#endif
