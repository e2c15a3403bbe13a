// SPDX-License-Identifier: Apache-2.0
// The store: one LMDB environment in a directory of its own, and transactions on it. Every error of LMDB is
// mapped here to one of the faults below; a fault inside a transaction sticks to it, so that nothing of it
// can be committed.
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_FORMAT      6u // layout of the tables; an older one is upgraded, a newer one refused
#define STORE_OLDEST      2u // the oldest format that is upgraded
#define STORE_SEMANTICS   1u // version of MATCHING under which commands are applied
#define STORE_DEFAULT_MAP (UINT64_C(64) << 30) // bytes of address space
#define STORE_FILE        "kansen.mdb"         // in the data directory
#define STORE_KEY_MAX     256u                 // longest key in bytes; every key format stays below it

// Documented outcomes.
enum store_outcome {
    STORE_E_NOT_FOUND = 2, // no such record, or the end of a listing (1 is FAULT)
    STORE_E_EXISTS = 3,    // the key is taken
};

// Faults: forwarded upwards until the one who owns the transaction aborts it.
enum store_fault {
    STORE_FAULT_MEMORY = -1,  // memory is short
    STORE_FAULT_FULL = -2,    // the map or the disk is full; reads go on, nothing was changed
    STORE_FAULT_IO = -3,      // the disk failed, the store can not be trusted to be durable
    STORE_FAULT_CORRUPT = -4, // a record does not say what it must
    STORE_FAULT_SYSTEM = -5,  // anything else
};

// A fault as a person reads it.
const char *store_fault_text(int fault);

struct store;

struct store_options {
    const char *dir;      // data directory; made (0700) if it is not there, unless read_only
    uint64_t map_bytes;   // 0 = STORE_DEFAULT_MAP
    unsigned max_readers; // read transactions at the same time; 0 = 126
    bool read_only;       // for checks: nothing is made or written
    bool plain_upgrade;   // no copy is kept of a store of an older format, before it is upgraded
    bool must_exist;      // nothing is made where no store is
    bool was_used;        // the directory held a store once, so an empty file is none to begin with
};

// Opens the store and locks its directory against a second daemon (not with read_only, which asks for a
// shared lock, and for none in a directory that has no file to lock: no daemon was ever there). A file that
// was cut short is refused. May start a process, which has ended when it returns. 0; FAULT with the reason
// for a person; or a store fault. *out is set on 0 only.
int store_open(const struct store_options *options, struct store **out, struct fault *fault) MUST_CHECK;
void store_close(struct store *store); // all transactions must be freed before; NULL is safe

// The format from which it was upgraded when it was opened; 0 = it was not.
unsigned store_upgraded_from(const struct store *store);

// Whether it held a part of a stream when it was opened, and was emptied of that.
bool store_was_emptied(const struct store *store);

// Whether a stream is being read into it (store/load.h), and nothing else may be done. Any thread.
bool store_is_loading(struct store *store);

// Whether the last stream that has ended was read whole. The writer's thread.
bool store_has_loaded(const struct store *store);

struct store_usage {
    uint64_t used_bytes; // pages in use
    uint64_t map_bytes;  // limit
};
struct store_usage store_usage(struct store *store); // any thread

// ---- Transactions. One belongs to one thread at a time. Only one write transaction is open at a time: the
// writer's.

struct txn;
struct catalog;

int txn_new_read(struct store *store, struct txn **out) MUST_CHECK;
int txn_new_write(struct store *store, struct txn **out) MUST_CHECK;
void txn_free(struct txn *txn); // ends it first; NULL is safe

// Starts on the latest committed state. A read transaction keeps its slot between uses, so this is cheap.
int txn_begin(struct txn *txn) MUST_CHECK;

// Ends a read transaction, or drops a write transaction with all its changes. Safe when none is open.
void txn_end(struct txn *txn);

// Makes the changes of a write transaction durable. Whatever it returns, the transaction has ended. On 0
// everything is on disk; on a fault nothing of it counts.
int txn_commit(struct txn *txn) MUST_CHECK;

// The fault that sticks to the transaction, or 0.
int txn_fault(const struct txn *txn);

// Counts what was put and deleted since the transaction object was made, so that long work can be told from
// work that stands still. Any thread, while the object is there.
uint64_t txn_steps(struct txn *txn);

// Sequence of the last journal entry in this transaction's view; 0 = none.
uint64_t txn_sequence(struct txn *txn);

// Interests, regions and funds in this transaction's view; loaded when they changed since the last call, else
// kept. 0 or a fault. *out holds until the transaction's next begin, txn_catalog or end of life.
int txn_catalog(struct txn *txn, const struct catalog **out) MUST_CHECK;

// Whether the pages that hold something leave of the map only the reserve that is kept for removals: a
// sixteenth, at least 1 MiB, at most a quarter. Sees the changes of txn itself, once the file has grown to
// half of that; free pages count as room. 0 or a fault.
int txn_scarce(struct txn *txn, bool *scarce) MUST_CHECK;

// Counts of records for status.
struct store_counts {
    uint64_t partners, offers, interests, regions, postcodes;
};
int txn_counts(struct txn *txn, struct store_counts *out) MUST_CHECK;

#endif
