// SPDX-License-Identifier: Apache-2.0
// Transactions and the tables under them. The mapping of LMDB's errors stands here and nowhere else.
#include "store/block.h"
#include "store/blocks.h"
#include "store/blocks_waiting.h"
#include "store/catalog.h"
#include "store/index.h"
#include "store/internal.h"
#include "store/load_state.h"
#include "store/partner_offers.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#define DISK_FULL_BYTES (UINT64_C(1) << 20) // less than this is full: one write of LMDB's takes no more
#define RESERVE_MIN     (UINT64_C(1) << 20) // bytes of the map that are kept for removals
#define FREE_DBI        0                   // LMDB's own tables: of free pages, and of the names of tables
#define MAIN_DBI        1
#define META_PAGES      2

static int
map_code(int mdb_rc)
{
    switch (mdb_rc) {
    case 0:
        return 0;
    case MDB_NOTFOUND:
        return STORE_E_NOT_FOUND;
    case MDB_KEYEXIST:
        return STORE_E_EXISTS;
    case ENOMEM:
        return STORE_FAULT_MEMORY;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STORE_FAULT_FULL;
    case EIO:
    case MDB_PANIC: // the environment is spoilt: a meta page could not be written
        return STORE_FAULT_IO;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
        return STORE_FAULT_CORRUPT;
    default:
        return STORE_FAULT_SYSTEM;
    }
}

int
txn_map(struct txn *txn, int mdb_rc)
{
    int rc = map_code(mdb_rc);

    return rc < 0 ? txn_fail(txn, rc) : rc;
}

int
txn_fault(const struct txn *txn)
{
    return txn->fault;
}

uint64_t
txn_steps(struct txn *txn)
{
    return atomic_load_explicit(&txn->steps, memory_order_relaxed);
}

void
txn_step(struct txn *txn)
{
    // One thread counts, so this needs no locked addition.
    atomic_store_explicit(&txn->steps, txn_steps(txn) + 1, memory_order_relaxed);
}

static int
txn_new(struct store *store, bool write, struct txn **out)
{
    struct txn *txn = calloc(1, sizeof *txn);

    if (txn == NULL)
        return STORE_FAULT_MEMORY;
    txn->store = store;
    txn->write = write;
    *out = txn;
    return 0;
}

int
txn_new_read(struct store *store, struct txn **out)
{
    return txn_new(store, false, out);
}

int
txn_new_write(struct store *store, struct txn **out)
{
    return txn_new(store, true, out);
}

static void
drop_catalog(struct txn *txn)
{
    catalog_free(txn->catalog);
    txn->catalog = NULL;
    txn->catalog_uncommitted = false;
}

void
txn_free(struct txn *txn)
{
    if (txn == NULL)
        return;
    txn_end(txn);
    if (txn->mdb != NULL)
        mdb_txn_abort(txn->mdb);
    drop_catalog(txn);
    directory_free(txn->directory);
    block_build_free(txn->build);
    blocks_waiting_free(txn->waiting);
    buf_free(&txn->chunk);
    buf_free(&txn->card);
    free(txn);
}

// Forgets what was read from another snapshot. What is read again and again by a worker, while nobody writes,
// is read once.
static void
know_snapshot(struct txn *txn)
{
    size_t snapshot = txn->write ? 0 : mdb_txn_id(txn->mdb);

    if (snapshot != 0 && snapshot == txn->snapshot)
        return;
    txn->snapshot = snapshot;
    txn->sequence_known = false;
    txn->directory_known = false;
    txn->catalog_known = false;
}

int
txn_begin(struct txn *txn)
{
    int rc;

    assert(!txn->begun);
    txn->fault = 0;
    txn->places_changed = false;
    txn->blocks_changed = false;
    txn->clients_changed = txn->load_begins = txn->load_taken = txn->load_ends = false;
    memset(txn->ids, 0, sizeof txn->ids);
    if (txn->waiting != NULL)
        blocks_waiting_clear(txn->waiting);
    if (txn->write || txn->mdb == NULL)
        rc = mdb_txn_begin(txn->store->env, NULL, txn->write ? 0 : MDB_RDONLY, &txn->mdb);
    else
        rc = mdb_txn_renew(txn->mdb);
    if (rc != 0)
        return map_code(rc);
    know_snapshot(txn);
    txn->begun = true;
    return 0;
}

void
txn_end(struct txn *txn)
{
    if (!txn->begun)
        return;
    txn->begun = false;
    if (!txn->write) {
        mdb_txn_reset(txn->mdb);
        return;
    }
    mdb_txn_abort(txn->mdb);
    txn->mdb = NULL;
    load_lost(txn);
    if (txn->catalog_uncommitted)
        drop_catalog(txn); // its generation may come again with another content
}

// Whether the disk under the store has no room left for a write of LMDB's.
static bool
is_disk_full(struct store *store)
{
    struct statvfs disk;
    int fd;

    return mdb_env_get_fd(store->env, &fd) == 0 && fstatvfs(fd, &disk) == 0 &&
           (uint64_t)disk.f_bavail * disk.f_frsize < DISK_FULL_BYTES;
}

// What a commit that failed means. LMDB says EIO for a write that was cut short, as a full disk cuts it; so
// the disk is asked. A sync that fails while the disk is full is taken for full as well, which does no harm:
// the pages of this commit are in no tree, and the next one writes its own again. When the meta page could
// not be written, though, the environment takes no transaction any more, and nobody knows whether the commit
// counts.
static int
commit_fault(struct store *store, int mdb_rc)
{
    MDB_txn *probe;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &probe);

    if (rc == MDB_PANIC)
        return STORE_FAULT_IO;
    if (rc == 0)
        mdb_txn_abort(probe);
    return mdb_rc == EIO && is_disk_full(store) ? STORE_FAULT_FULL : map_code(mdb_rc);
}

static int
next_blocks_generation(struct txn *txn)
{
    uint64_t generation;
    int rc = meta_get(txn, META_BLOCKS, &generation);

    return rc < 0 ? rc : meta_put(txn, META_BLOCKS, generation + 1);
}

int
txn_commit(struct txn *txn)
{
    int rc;

    assert(txn->begun && txn->write);
    if (txn->fault == 0 && txn->places_changed)
        txn->fault = index_refresh_places(txn);
    if (txn->fault == 0)
        txn->fault = blocks_flush(txn);
    if (txn->fault == 0 && txn->blocks_changed)
        txn->fault = next_blocks_generation(txn);
    if (txn->fault == 0)
        txn->fault = partner_offers_keep_up(txn);
    if (txn->fault == 0)
        txn->fault = ids_put(txn);
    if (txn->fault != 0) {
        rc = txn->fault;
        txn_end(txn);
        return rc;
    }
    rc = mdb_txn_commit(txn->mdb); // frees the transaction, even when it fails
    txn->mdb = NULL;
    txn->begun = false;
    if (rc != 0 && txn->catalog_uncommitted)
        drop_catalog(txn);
    txn->catalog_uncommitted = false;
    if (txn->clients_changed) // also when it failed: it may be on the disk all the same
        atomic_fetch_add(&txn->store->client_generation, 1);
    if (rc == 0 && txn->load_ends)
        atomic_store(&txn->store->loading, false);
    if (rc != 0)
        load_lost(txn);
    return rc == 0 ? 0 : commit_fault(txn->store, rc);
}

int
txn_catalog(struct txn *txn, const struct catalog **out)
{
    uint64_t generation;
    int rc;

    if (txn->catalog_known) {
        *out = txn->catalog;
        return 0;
    }
    rc = meta_get(txn, META_GENERATION, &generation);
    if (rc < 0)
        return rc;
    if (txn->catalog == NULL || txn->catalog_generation != generation) {
        struct catalog *catalog;

        rc = catalog_load(txn, &catalog);
        if (rc < 0)
            return rc;
        catalog_free(txn->catalog);
        txn->catalog = catalog;
        txn->catalog_generation = generation;
        txn->catalog_uncommitted = txn->write;
    }
    txn->catalog_known = true;
    *out = txn->catalog;
    return 0;
}

int
table_get(struct txn *txn, enum table table, const struct key *key, MDB_val *out)
{
    MDB_val k = {key->len, (void *)key->bytes};

    return txn_map(txn, mdb_get(txn->mdb, txn->store->dbi[table], &k, out));
}

int
table_put(struct txn *txn, enum table table, const struct key *key, const void *value, size_t len,
          unsigned flags)
{
    MDB_val k = {key->len, (void *)key->bytes}, v = {len, (void *)value};

    txn_step(txn);
    return txn_map(txn, mdb_put(txn->mdb, txn->store->dbi[table], &k, &v, flags));
}

int
table_del(struct txn *txn, enum table table, const struct key *key)
{
    MDB_val k = {key->len, (void *)key->bytes};

    txn_step(txn);
    return txn_map(txn, mdb_del(txn->mdb, txn->store->dbi[table], &k, NULL));
}

int
table_seek(struct txn *txn, enum table table, const struct key *from, MDB_val *key, MDB_val *value)
{
    MDB_cursor *cursor;
    int rc = txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[table], &cursor));

    if (rc != 0)
        return rc;
    *key = (MDB_val){from->len, (void *)from->bytes};
    rc = txn_map(txn, mdb_cursor_get(cursor, key, value, from->len == 0 ? MDB_FIRST : MDB_SET_RANGE));
    mdb_cursor_close(cursor);
    return rc;
}

int
meta_get(struct txn *txn, const char *name, uint64_t *out)
{
    struct key key = key_text(name);
    MDB_val value;
    int rc = table_get(txn, TABLE_META, &key, &value);

    *out = 0;
    if (rc != 0)
        return rc;
    if (value.mv_size != sizeof *out)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(out, value.mv_data, sizeof *out);
    return 0;
}

int
meta_put(struct txn *txn, const char *name, uint64_t value)
{
    struct key key = key_text(name);

    return table_put(txn, TABLE_META, &key, &value, sizeof value, 0);
}

uint64_t
txn_sequence(struct txn *txn)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int rc;

    if (txn->sequence_known)
        return txn->sequence;
    if (txn_map(txn, mdb_cursor_open(txn->mdb, txn->store->dbi[TABLE_JOURNAL], &cursor)) != 0)
        return 0;
    rc = txn_map(txn, mdb_cursor_get(cursor, &key, &value, MDB_LAST));
    mdb_cursor_close(cursor);
    txn->sequence = rc == 0 ? key_read_u64(key.mv_data) : 0;
    txn->sequence_known = rc >= 0;
    return txn->sequence;
}

static size_t
pages_of(const MDB_stat *stat)
{
    return stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

int
txn_pages(struct txn *txn, uint64_t *pages)
{
    struct store *store = txn->store;
    int rc = 0;

    *pages = META_PAGES;
    for (int table = 0; table < TABLE_COUNT + 2 && rc == 0; table++) {
        MDB_dbi dbi = table < TABLE_COUNT ? store->dbi[table] : table == TABLE_COUNT ? FREE_DBI : MAIN_DBI;
        MDB_stat stat;

        rc = txn_map(txn, mdb_stat(txn->mdb, dbi, &stat));
        if (rc == 0)
            *pages += pages_of(&stat);
    }
    return rc;
}

int
txn_scarce(struct txn *txn, bool *scarce)
{
    MDB_envinfo info;
    MDB_stat stat;
    uint64_t pages, reserve, limit;
    int rc = txn_map(txn, mdb_env_info(txn->store->env, &info));

    if (rc == 0)
        rc = txn_map(txn, mdb_env_stat(txn->store->env, &stat));
    if (rc != 0)
        return rc;
    reserve = info.me_mapsize / 16;
    if (reserve < RESERVE_MIN)
        reserve = RESERVE_MIN;
    if (reserve > info.me_mapsize / 4)
        reserve = info.me_mapsize / 4;
    limit = (info.me_mapsize - reserve) / stat.ms_psize;
    *scarce = false;
    // The file as it was committed tells at once, as no transaction takes as much again as half of the map;
    // one that did would find the map full and be tried again in parts.
    if (info.me_last_pgno < limit / 2)
        return 0;
    rc = txn_pages(txn, &pages);
    if (rc == 0)
        *scarce = pages > limit;
    return rc;
}

int
txn_counts(struct txn *txn, struct store_counts *out)
{
    static const enum table tables[] = {TABLE_PARTNER, TABLE_OFFER, TABLE_INTEREST, TABLE_REGION,
                                        TABLE_POSTCODE};
    uint64_t counts[5];

    for (int i = 0; i < 5; i++) {
        MDB_stat stat;
        int rc = txn_map(txn, mdb_stat(txn->mdb, txn->store->dbi[tables[i]], &stat));

        if (rc != 0)
            return rc;
        counts[i] = stat.ms_entries;
    }
    *out = (struct store_counts){counts[0], counts[1], counts[2], counts[3], counts[4]};
    return 0;
}
