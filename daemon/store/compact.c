// SPDX-License-Identifier: Apache-2.0
// mdb_env_copy2 would leave out free pages but copy the others as they are, with their gaps. So every entry
// is put again, in order, by a process that has read nothing but what is stored now.
#include "store/compact.h"
#include "store/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE     STORE_FILE ".new"
#define ENTRIES_MOST 100000u // in one transaction

struct compacting {
    struct store *old;
    MDB_env *env;       // the new one
    MDB_txn *from, *to; // to: NULL between transactions
    uint64_t entries;
    char path[4096], new_path[4096];
};

static int
open_new(struct compacting *compacting, uint64_t map_bytes)
{
    int rc = mdb_env_create(&compacting->env);

    if (rc != 0)
        return rc;
    if (unlink(compacting->new_path) != 0 && errno != ENOENT) // of a run that was cut off
        return errno;
    rc = mdb_env_set_maxdbs(compacting->env, TABLE_COUNT);
    if (rc == 0)
        rc = mdb_env_set_mapsize(compacting->env, map_bytes);
    // Nobody else sees the file before it is synced as a whole.
    if (rc == 0)
        rc =
            mdb_env_open(compacting->env, compacting->new_path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600);
    return rc;
}

static int
next_txn(struct compacting *compacting)
{
    int rc = mdb_txn_commit(compacting->to);

    compacting->to = NULL;
    return rc == 0 ? mdb_txn_begin(compacting->env, NULL, 0, &compacting->to) : rc;
}

static int
copy_entries(struct compacting *compacting, MDB_cursor *cursor, MDB_dbi dbi)
{
    MDB_val key, value;
    int rc;

    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        rc = mdb_put(compacting->to, dbi, &key, &value, MDB_APPEND);
        if (rc == 0 && ++compacting->entries % ENTRIES_MOST == 0)
            rc = next_txn(compacting);
        if (rc != 0)
            return rc;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
copy_table(struct compacting *compacting, enum table table)
{
    MDB_dbi from = compacting->old->dbi[table], to;
    unsigned flags = 0;
    MDB_cursor *cursor;
    int rc = mdb_dbi_flags(compacting->from, from, &flags);

    if (rc == 0)
        rc = mdb_dbi_open(compacting->to, store_table_name(table), flags | MDB_CREATE, &to);
    if (rc == 0)
        rc = mdb_cursor_open(compacting->from, from, &cursor);
    if (rc != 0)
        return rc;
    rc = copy_entries(compacting, cursor, to);
    mdb_cursor_close(cursor);
    return rc;
}

static int
copy_all(struct compacting *compacting)
{
    int rc = mdb_txn_begin(compacting->old->env, NULL, MDB_RDONLY, &compacting->from);

    if (rc == 0)
        rc = mdb_txn_begin(compacting->env, NULL, 0, &compacting->to);
    for (int table = 0; table < TABLE_COUNT && rc == 0; table++)
        rc = copy_table(compacting, table);
    if (rc == 0) {
        rc = mdb_txn_commit(compacting->to);
        compacting->to = NULL;
    }
    if (compacting->to != NULL)
        mdb_txn_abort(compacting->to);
    if (compacting->from != NULL)
        mdb_txn_abort(compacting->from);
    return rc == 0 ? mdb_env_sync(compacting->env, 1) : rc;
}

static int
sync_directory(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

    if (fd < 0)
        return errno;
    rc = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    return rc;
}

static int
write_anew(struct compacting *compacting, const char *dir, uint64_t map_bytes)
{
    int rc = open_new(compacting, map_bytes);

    if (rc == 0)
        rc = copy_all(compacting);
    if (compacting->env != NULL)
        mdb_env_close(compacting->env);
    if (rc == 0 && rename(compacting->new_path, compacting->path) != 0)
        rc = errno;
    if (rc != 0) {
        unlink(compacting->new_path);
        return rc;
    }
    return sync_directory(dir);
}

static uint64_t
file_bytes(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
}

int
compact_run(const char *dir, uint64_t map_bytes, FILE *out)
{
    struct store_options options = {.dir = dir, .map_bytes = map_bytes};
    struct compacting compacting = {0};
    struct fault fault;
    uint64_t before;
    int rc;

    snprintf(compacting.path, sizeof compacting.path, "%s/%s", dir, STORE_FILE);
    snprintf(compacting.new_path, sizeof compacting.new_path, "%s/%s", dir, NEW_FILE);
    before = file_bytes(compacting.path);
    if (before == 0) {
        fprintf(out, "%s: no store is there\n", compacting.path);
        return FAULT;
    }
    rc = store_open(&options, &compacting.old, &fault);
    if (rc != 0) {
        fprintf(out, "%s\n", rc == FAULT ? fault.message : store_fault_text(rc));
        return rc;
    }
    rc = write_anew(&compacting, dir, map_bytes);
    if (rc == 0)
        fprintf(out, "written anew: %" PRIu64 " entries, %" PRIu64 " bytes, before %" PRIu64 "\n",
                compacting.entries, file_bytes(compacting.path), before);
    else
        fprintf(out, "%s could not be written anew, and is as it was: %s\n", compacting.path,
                mdb_strerror(rc));
    store_close(compacting.old);
    return rc == 0 ? 0 : FAULT;
}
