// SPDX-License-Identifier: Apache-2.0
// Nobody else writes, and nothing was begun: so the file is what was committed last, and its bytes are a
// copy.
#include "store/upgrade_copy.h"
#include "store/copy.h"
#include "store/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)1 << 20)
#define PATHS 4096u

// The format of a store that is there; 0 when it is new.
static int
read_format(struct store *store, uint64_t *format)
{
    struct txn txn = {.store = store};
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn.mdb);

    *format = 0;
    if (rc != 0)
        return rc;
    rc = mdb_dbi_open(txn.mdb, store_table_name(TABLE_META), 0, &store->dbi[TABLE_META]);
    if (rc == 0 && meta_get(&txn, META_FORMAT, format) < 0)
        rc = EIO;
    mdb_txn_abort(txn.mdb); // closes the table again
    return rc == MDB_NOTFOUND ? 0 : rc;
}

// 0 or an errno.
static int
copy_bytes(int from, int to)
{
    ssize_t done;

    while ((done = copy_file_range(from, NULL, to, NULL, BLOCK, 0)) > 0)
        continue;
    if (done == 0)
        return 0;
    return errno;
}

static int
copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out, rc;

    if (in < 0)
        return errno;
    out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    rc = out < 0 ? errno : copy_bytes(in, out);
    if (rc == 0 && fsync(out) != 0)
        rc = errno;
    if (out >= 0)
        close(out);
    close(in);
    return rc;
}

int
upgrade_copy(struct store *store, const char *dir, struct fault *fault)
{
    char path[PATHS], part[PATHS], kept[PATHS];
    uint64_t format = 0;
    int rc = read_format(store, &format);

    if (rc != 0 || format < STORE_OLDEST || format >= STORE_FORMAT)
        return 0; // what is wrong with it is told when it is opened
    snprintf(path, sizeof path, "%.3000s/%s", dir, STORE_FILE);
    snprintf(kept, sizeof kept, "%.3000s/%s.format-%u", dir, STORE_FILE, (unsigned)format);
    snprintf(part, sizeof part, "%.3500s.part", kept);
    rc = copy_file(path, part);
    if (rc == 0 && rename(part, kept) != 0)
        rc = errno;
    if (rc == 0)
        rc = -copy_sync_directory(dir);
    if (rc == 0)
        return 0;
    unlink(part);
    return fault_set(
        fault, CODE_FAILED_PRECONDITION, "data_dir",
        "the store has format %u and would be upgraded to %u, but %s can not be written first: %s; "
        "make room, or see upgrade_backup in kansend.conf(5)",
        (unsigned)format, STORE_FORMAT, kept, strerror(rc));
}
