// SPDX-License-Identifier: Apache-2.0
// The copy is made by a process that has read nothing but what is stored now.
#include "store/compact.h"
#include "store/copy.h"
#include "store/store.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_FILE STORE_FILE ".new"

struct compacting {
    struct store *old;
    struct copy_result result;
    char path[4096], new_path[4096];
};

static int
copy_all(struct compacting *compacting, uint64_t map_bytes, struct fault *fault)
{
    struct txn *txn = NULL;
    int rc = txn_new_read(compacting->old, &txn);

    if (rc == 0)
        rc = txn_begin(txn);
    if (rc == 0)
        rc = copy_write(txn, compacting->new_path, map_bytes, NULL, &compacting->result, fault);
    txn_free(txn);
    return rc;
}

static int
write_anew(struct compacting *compacting, const char *dir, uint64_t map_bytes, struct fault *fault)
{
    int rc = copy_all(compacting, map_bytes, fault);

    if (rc < 0)
        return fault_set(fault, CODE_UNAVAILABLE, "", "%s", store_fault_text(rc));
    if (rc != 0)
        return rc;
    if (rename(compacting->new_path, compacting->path) != 0) {
        rc = fault_set(fault, CODE_UNAVAILABLE, "", "%s", strerror(errno));
        remove(compacting->new_path);
        return rc;
    }
    rc = copy_sync_directory(dir);
    return rc == 0 ? 0 : fault_set(fault, CODE_UNAVAILABLE, "", "%s: %s", dir, strerror(-rc));
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
    struct store_options options = {.dir = dir, .map_bytes = map_bytes, .must_exist = true};
    struct compacting compacting = {0};
    struct fault fault;
    uint64_t before;
    int rc;

    snprintf(compacting.path, sizeof compacting.path, "%s/%s", dir, STORE_FILE);
    snprintf(compacting.new_path, sizeof compacting.new_path, "%s/%s", dir, NEW_FILE);
    before = file_bytes(compacting.path);
    rc = store_open(&options, &compacting.old, &fault);
    if (rc != 0) {
        fprintf(out, "%s\n", rc == FAULT ? fault.message : store_fault_text(rc));
        return rc;
    }
    rc = write_anew(&compacting, dir, map_bytes, &fault);
    if (rc == 0)
        fprintf(out, "written anew: %" PRIu64 " entries, %" PRIu64 " bytes, before %" PRIu64 "\n",
                compacting.result.entries, file_bytes(compacting.path), before);
    else
        fprintf(out, "%s could not be written anew, and is as it was: %s\n", compacting.path, fault.message);
    store_close(compacting.old);
    return rc == 0 ? 0 : FAULT;
}
