// SPDX-License-Identifier: Apache-2.0
// LMDB never writes a page that one transaction takes from the file's end and frees again, so a store that is
// whole can be shorter than its meta page says, by pages that are in the list of free ones. That list may lie
// in what is lost, so it is read by a process that may die of it.
#include "store/file_check.h"
#include "base/apart.h"
#include "store/internal.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FREE_DBI   0     // LMDB's own table of free pages
#define BYTES_MIN  8192u // two meta pages of the smallest size
#define PATH_BYTES 4096u

static void
path_of(const struct store_options *options, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", options->dir, STORE_FILE);
}

int
file_check_there(const struct store_options *options, struct fault *fault)
{
    bool must = options->read_only || options->must_exist;
    char path[PATH_BYTES];
    struct stat file;

    path_of(options, path);
    if (stat(path, &file) != 0) {
        if (errno != ENOENT)
            return fault_set(fault, CODE_UNAVAILABLE, "data_dir", "%s can not be looked at: %s", path,
                             strerror(errno));
        return must ? fault_set(fault, CODE_NOT_FOUND, "data_dir", "%s: no store is there", path) : 0;
    }
    if (file.st_size != 0 || (!must && !options->was_used))
        return 0;
    return fault_set(fault, CODE_DATA_LOSS, "data_dir",
                     "%s is empty (0 bytes), though a store was made in this directory: put a backup in its "
                     "place, see BACKUP AND RESTORE in kansend(8); only if nothing is to be kept, delete it",
                     path);
}

// ---- Length

struct look {
    MDB_env *env;
    uint64_t has, wants; // pages
};

// In a process of its own: 0 when all pages that the file does not have are free ones.
static int
missing_are_free(void *arg)
{
    const struct look *look = arg;
    uint64_t free_ones = 0;
    MDB_val key, value;
    MDB_cursor *cursor;
    MDB_txn *txn;

    if (mdb_txn_begin(look->env, NULL, MDB_RDONLY, &txn) != 0 || mdb_cursor_open(txn, FREE_DBI, &cursor) != 0)
        return 1;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        const size_t *pages = value.mv_data; // their number, then each

        if (value.mv_size < sizeof *pages || pages[0] > value.mv_size / sizeof *pages - 1)
            return 1;
        for (size_t i = 1; i <= pages[0]; i++)
            free_ones += pages[i] >= look->has && pages[i] < look->wants;
    }
    return free_ones == look->wants - look->has ? 0 : 1;
}

static int
cut_short(struct fault *fault, const char *path, uint64_t bytes, uint64_t wanted)
{
    return fault_set(
        fault, CODE_DATA_LOSS, "data_dir",
        "%s is cut short: %llu of %llu bytes; put a backup in its place, see BACKUP AND RESTORE in "
        "kansend(8)",
        path, (unsigned long long)bytes, (unsigned long long)wanted);
}

static int
check_length(struct look *look, const char *path, struct fault *fault)
{
    struct apart_end end;
    struct stat file;
    MDB_envinfo info;
    MDB_stat stat_of;
    int fd, rc;

    if (mdb_env_get_fd(look->env, &fd) != 0 || fstat(fd, &file) != 0 || mdb_env_info(look->env, &info) != 0 ||
        mdb_env_stat(look->env, &stat_of) != 0)
        return fault_set(fault, CODE_UNAVAILABLE, "data_dir", "%s can not be looked at", path);
    look->has = (uint64_t)file.st_size / stat_of.ms_psize;
    look->wants = info.me_last_pgno + 1;
    if (look->has >= look->wants)
        return 0;
    rc = apart_run(missing_are_free, look, &end);
    if (rc != 0)
        return fault_set(fault, CODE_UNAVAILABLE, "data_dir", "%s can not be looked at: %s", path,
                         strerror(-rc));
    if (end.signal == 0 && end.status == 0)
        return 0;
    return cut_short(fault, path, (uint64_t)file.st_size, look->wants * stat_of.ms_psize);
}

int
file_check_whole(const struct store_options *options, struct fault *fault)
{
    char path[PATH_BYTES];
    struct look look = {0};
    struct stat file;
    int rc = 0;

    path_of(options, path);
    if (stat(path, &file) != 0 || file.st_size == 0)
        return 0; // a new one
    if (file.st_size < BYTES_MIN)
        return cut_short(fault, path, (uint64_t)file.st_size, BYTES_MIN);
    if (mdb_env_create(&look.env) != 0)
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "", "memory is short");
    // The lock of the directory stands for LMDB's own.
    if (mdb_env_open(look.env, path, MDB_NOSUBDIR | MDB_NOTLS | MDB_RDONLY | MDB_NOLOCK, 0) == 0)
        rc = check_length(&look, path, fault);
    mdb_env_close(look.env);
    return rc;
}
