// SPDX-License-Identifier: Apache-2.0
// The new file has an environment of its own, which nobody else sees before it is synced as a whole; so its
// commits need no sync, and they bound the memory of a transaction.
#include "store/copy.h"
#include "store/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TXN_ENTRIES     20000u      // in one transaction of the copy
#define TXN_BYTES       (4u << 20)  // of keys and values, the same
#define SYNC_BYTES      (16u << 20) // of them between two syncs
#define DISK_FULL_BYTES (1u << 20)  // free below which a write that was cut short met the disk's end
#define LOOK_EVERY      256u        // entries between two words of progress

struct copying {
    struct txn *source;
    MDB_env *env;
    MDB_txn *to; // NULL between transactions
    const struct progress_sink *sink;
    uint64_t entries, total;
    size_t in_txn, txn_bytes, unsynced;
    bool ended;
};

static int
open_new(struct copying *copying, const char *path, uint64_t map_bytes)
{
    int rc;

    if (unlink(path) != 0 && errno != ENOENT) // of a run that was cut off
        return errno;
    rc = mdb_env_create(&copying->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(copying->env, TABLE_COUNT);
    if (rc == 0)
        rc = mdb_env_set_mapsize(copying->env, map_bytes);
    if (rc == 0)
        rc = mdb_env_open(copying->env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600);
    return rc;
}

// What is written must be on the disk before the cache can let it go.
static int
sync_some(struct copying *copying)
{
    mdb_filehandle_t fd;
    int rc = mdb_env_sync(copying->env, 1);

    copying->unsynced = 0;
    if (rc == 0)
        rc = mdb_env_get_fd(copying->env, &fd);
    if (rc == 0)
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); // a wish
    return rc;
}

static int
next_txn(struct copying *copying)
{
    int rc = mdb_txn_commit(copying->to);

    copying->to = NULL;
    copying->unsynced += copying->txn_bytes;
    copying->in_txn = copying->txn_bytes = 0;
    if (rc == 0 && copying->unsynced >= SYNC_BYTES)
        rc = sync_some(copying);
    return rc == 0 ? mdb_txn_begin(copying->env, NULL, 0, &copying->to) : rc;
}

static int
put(struct copying *copying, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    int rc = mdb_put(copying->to, dbi, key, value, MDB_APPEND);

    copying->entries++;
    copying->in_txn++;
    copying->txn_bytes += key->mv_size + value->mv_size;
    if (rc == 0 && copying->entries % LOOK_EVERY == 0)
        copying->ended = !progress_tell(copying->sink, "copy", copying->entries, copying->total);
    if (rc == 0 && (copying->in_txn >= TXN_ENTRIES || copying->txn_bytes >= TXN_BYTES))
        rc = next_txn(copying);
    return rc;
}

static int
copy_table(struct copying *copying, enum table table)
{
    MDB_dbi from = copying->source->store->dbi[table], to;
    MDB_val key, value;
    unsigned flags = 0;
    MDB_cursor *cursor;
    int rc = mdb_dbi_flags(copying->source->mdb, from, &flags);

    if (rc == 0)
        rc = mdb_dbi_open(copying->to, store_table_name(table), flags | MDB_CREATE, &to);
    if (rc == 0)
        rc = mdb_cursor_open(copying->source->mdb, from, &cursor);
    if (rc != 0)
        return rc;
    while (rc == 0 && !copying->ended && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
        rc = put(copying, to, &key, &value);
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
count_entries(struct copying *copying)
{
    for (int table = 0; table < TABLE_COUNT; table++) {
        MDB_stat stat;
        int rc = mdb_stat(copying->source->mdb, copying->source->store->dbi[table], &stat);

        if (rc != 0)
            return rc;
        copying->total += stat.ms_entries;
    }
    return 0;
}

static int
copy_all(struct copying *copying)
{
    int rc = count_entries(copying);

    if (rc == 0)
        rc = mdb_txn_begin(copying->env, NULL, 0, &copying->to);
    for (int table = 0; table < TABLE_COUNT && rc == 0 && !copying->ended; table++)
        rc = copy_table(copying, table);
    if (rc == 0 && !copying->ended) {
        rc = mdb_txn_commit(copying->to);
        copying->to = NULL;
    }
    if (copying->to != NULL)
        mdb_txn_abort(copying->to);
    return rc == 0 && !copying->ended ? sync_some(copying) : rc;
}

// LMDB says EIO for a write that was cut short, as a full disk cuts it.
static int
error_of(struct copying *copying, int rc)
{
    struct statvfs disk;
    mdb_filehandle_t fd;

    if (rc == EIO && copying->env != NULL && mdb_env_get_fd(copying->env, &fd) == 0 &&
        fstatvfs(fd, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < DISK_FULL_BYTES)
        return ENOSPC;
    return rc;
}

static int
fail(struct fault *fault, const char *path, int rc)
{
    enum code code = rc == ENOSPC || rc == EDQUOT || rc == MDB_MAP_FULL || rc == ENOMEM
                         ? CODE_RESOURCE_EXHAUSTED
                         : CODE_UNAVAILABLE;

    return fault_set(fault, code, "", "%s can not be written: %s", path, mdb_strerror(rc));
}

int
copy_write(struct txn *txn, const char *path, uint64_t map_bytes, const struct progress_sink *sink,
           struct copy_result *out, struct fault *fault)
{
    struct copying copying = {.source = txn, .sink = sink};
    int rc = open_new(&copying, path, map_bytes == 0 ? STORE_DEFAULT_MAP : map_bytes);
    struct stat file = {0};

    if (rc == 0)
        rc = copy_all(&copying);
    rc = error_of(&copying, rc);
    if (copying.env != NULL)
        mdb_env_close(copying.env);
    if (rc == 0 && !copying.ended && stat(path, &file) != 0)
        rc = errno;
    if (rc != 0 || copying.ended) {
        unlink(path);
        return rc != 0 ? fail(fault, path, rc) : PROGRESS_E_ENDED;
    }
    *out = (struct copy_result){copying.entries, (uint64_t)file.st_size, txn_sequence(txn)};
    return 0;
}

int
copy_sync_directory(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

    if (fd < 0)
        return -errno;
    rc = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return rc;
}
