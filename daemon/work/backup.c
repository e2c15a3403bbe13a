// SPDX-License-Identifier: Apache-2.0
// Invariant: a directory with a name of its own is whole and synced. What is not is called .NAME.part, and
// belongs to who holds the lock of the backup directory.
#include "work/backup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "store/copy.h"
#include "store/store.h"
#include "work/backup_files.h"
#include "work/erasures.h"
#include "work/verifier.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ERASURES_FILE "kansen.erased"
#define ABOUT_FILE    "kansen.backup"
#define LOCK_FILE     "kansend.lock"

// ---- Names

static bool
is_name(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len < BACKUP_NAME_MAX && text[0] != '.' &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

// The name behind the backup directory in a path, or NULL.
static const char *
name_in(const char *dir, const char *path)
{
    char real[PATH_MAX];
    const char *dirs[] = {dir, realpath(dir, real)};

    for (size_t i = 0; i < 2; i++) {
        size_t len = dirs[i] == NULL ? 0 : strlen(dirs[i]);

        while (len > 1 && dirs[i][len - 1] == '/')
            len--;
        if (len > 0 && dirs[i][0] == '/' && strncmp(path, dirs[i], len) == 0 && path[len] == '/')
            return path + len + strspn(path + len, "/");
    }
    return NULL;
}

int
backup_name(const char *dir, const char *given, struct backup_order *order, struct fault *fault)
{
    const char *name = given[0] == '/' ? name_in(dir, given) : given;

    order->name[0] = '\0';
    if (given[0] == '\0')
        return 0;
    if (name == NULL || !is_name(name))
        return fault_set(
            fault, CODE_INVALID_ARGUMENT, "name",
            "\"%.100s\" is not allowed; it takes a name of 1 to %u letters, digits and . _ - that "
            "does not begin with a point, or such a name behind %s/ (option backup_dir)",
            given, BACKUP_NAME_MAX - 1, dir);
    snprintf(order->name, sizeof order->name, "%s", name);
    return 0;
}

// ---- Parts

struct backup {
    const struct backup_options *options;
    const struct progress_sink *sink;
    struct fault *fault;
    char name[BACKUP_NAME_MAX];
    char part[BACKUP_PATH_MAX]; // the directory while it is written
    int fd;                     // the backup directory, locked
    int64_t time_us;
    struct copy_result copied;
    struct backup_result *result;
};

static int
fail(struct backup *backup, const char *what, int error)
{
    enum code code = error == ENOSPC || error == EDQUOT ? CODE_RESOURCE_EXHAUSTED : CODE_UNAVAILABLE;

    return fault_set(backup->fault, code, "", "%s: %s: %s", backup->options->dir, what, strerror(error));
}

static void
path_in(const struct backup *backup, const char *file, char out[BACKUP_PATH_MAX])
{
    snprintf(out, BACKUP_PATH_MAX, "%.3000s/%s", backup->part, file);
}

static void
choose_name(struct backup *backup, const struct backup_order *order)
{
    time_t seconds = (time_t)(backup->time_us / 1000000);
    struct tm utc;

    if (order->name[0] != '\0') {
        memcpy(backup->name, order->name, sizeof backup->name);
        return;
    }
    // Of several in one second each gets a second of its own, so that their order is that of their names.
    do {
        gmtime_r(&seconds, &utc);
        strftime(backup->name, sizeof backup->name, BACKUP_FILES_TIME, &utc);
        seconds++;
    } while (faccessat(backup->fd, backup->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

// The directory that is written to, with the file that a check locks.
static int
begin(struct backup *backup)
{
    const char *dir = backup->options->dir;
    char path[BACKUP_PATH_MAX];
    int fd;

    if (faccessat(backup->fd, backup->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return fault_set(backup->fault, CODE_ALREADY_EXISTS, "name", "%s/%s is there already", dir,
                         backup->name);
    snprintf(backup->part, sizeof backup->part, "%.3000s/.%s.part", dir, backup->name);
    if (mkdir(backup->part, 0700) != 0)
        return fail(backup, "a directory can not be made", errno);
    path_in(backup, LOCK_FILE, path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(backup, LOCK_FILE, errno);
    close(fd);
    return 0;
}

static int
copy_store(struct backup *backup, struct txn *txn)
{
    char path[BACKUP_PATH_MAX];
    int rc = txn_begin(txn);

    path_in(backup, STORE_FILE, path);
    if (rc == 0)
        rc = copy_write(txn, path, backup->options->map_bytes, backup->sink, &backup->copied, backup->fault);
    txn_end(txn); // nobody waits for its pages any longer
    backup->result->bytes = backup->copied.bytes;
    backup->result->entries = backup->copied.entries;
    return rc;
}

// Reads the copy as it will be read: by its file.
static int
check_copy(struct backup *backup)
{
    struct verifier_result verified;
    int rc = verifier_check(backup->options->verifier, backup->part, backup->sink, backup->copied.entries,
                            &verified);

    backup->result->found = verified.found;
    if (rc == PROGRESS_E_ENDED || (rc == 0 && verified.found.sequence == backup->copied.sequence))
        return rc;
    if (rc == VERIFIER_E_DIED)
        return fault_set(backup->fault, CODE_DATA_LOSS, "",
                         "the backup was written but can not be read again (%.100s), so it was removed; look "
                         "at the disk of %s, and check the store too (kansend --check)",
                         verified.text, backup->options->dir);
    if (rc == VERIFIER_E_GONE)
        return fault_set(backup->fault, CODE_UNAVAILABLE, "",
                         "the process that verifies backups has ended; restart kansend");
    if (rc == 0)
        return fault_set(backup->fault, CODE_DATA_LOSS, "",
                         "the copy ends at another sequence than the store");
    LOG_ERROR(backup->options->log, "backup", "the copy is damaged", LOG_TEXT("found", verified.text));
    return fault_set(backup->fault, CODE_DATA_LOSS, "",
                     "the backup was written but does not hold what it must, so it was removed; check the "
                     "store too (kansend --check): %.150s",
                     verified.text);
}

static int
copy_erasures(struct backup *backup)
{
    char path[BACKUP_PATH_MAX];
    int fd, rc;

    if (backup->options->erasures == NULL)
        return 0;
    path_in(backup, ERASURES_FILE, path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(backup, ERASURES_FILE, errno);
    rc = erasures_copy(backup->options->erasures, fd);
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    close(fd);
    return rc == 0 ? 0 : fail(backup, ERASURES_FILE, -rc);
}

static int
write_about(struct backup *backup)
{
    const struct backup_result *result = backup->result;
    char path[BACKUP_PATH_MAX];
    int fd;
    FILE *file;
    bool good;

    path_in(backup, ABOUT_FILE, path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        int error = errno;

        if (fd >= 0)
            close(fd);
        return fail(backup, ABOUT_FILE, error);
    }
    fprintf(file,
            "version %s\nformat %u\nsemantics %u\ntime_us %" PRId64 "\nsequence %" PRIu64
            "\ndigest %s\nentries %" PRIu64 "\nbytes %" PRIu64 "\n",
            KANSEN_VERSION, STORE_FORMAT, STORE_SEMANTICS, backup->time_us, result->found.sequence,
            result->found.digest, result->entries, result->bytes);
    good = fflush(file) == 0 && fsync(fileno(file)) == 0;
    fclose(file);
    return good ? 0 : fail(backup, ABOUT_FILE, errno);
}

// From here on it is there.
static int
give_name(struct backup *backup)
{
    int rc = copy_sync_directory(backup->part);

    if (rc != 0)
        return fail(backup, "can not be synced", -rc);
    rc = backup_files_rename(backup->fd, backup->part, backup->name);
    if (rc == -EEXIST)
        return fault_set(backup->fault, CODE_ALREADY_EXISTS, "name", "%s/%s is there already",
                         backup->options->dir, backup->name);
    if (rc == 0 && fsync(backup->fd) != 0)
        rc = -errno;
    return rc == 0 ? 0 : fail(backup, "the backup can not get its name", -rc);
}

// ---- The whole

static int
make(struct backup *backup, struct txn *txn)
{
    int rc = begin(backup);

    if (rc == 0)
        rc = copy_store(backup, txn);
    if (rc == 0)
        rc = check_copy(backup);
    if (rc == 0)
        rc = copy_erasures(backup);
    if (rc == 0)
        rc = write_about(backup);
    return rc == 0 ? give_name(backup) : rc;
}

int
backup_make(const struct backup_options *options, const struct backup_order *order, struct txn *txn,
            const struct progress_sink *sink, struct backup_result *out, struct fault *fault)
{
    struct backup backup = {
        .options = options, .sink = sink, .fault = fault, .time_us = clock_wall_us(), .result = out};
    int rc;

    *out = (struct backup_result){0};
    backup.fd = backup_files_open(options->dir);
    if (backup.fd == -EWOULDBLOCK)
        return fault_set(fault, CODE_FAILED_PRECONDITION, "",
                         "another kansend writes to %s; give each its own (option backup_dir)", options->dir);
    if (backup.fd < 0)
        return fail(&backup, "can not be opened", -backup.fd);
    backup_files_clean(backup.fd, options->log);
    choose_name(&backup, order);
    rc = make(&backup, txn);
    if (rc != 0)
        backup_files_clean(backup.fd, options->log);
    if (rc == 0 && order->keep != 0)
        out->removed = backup_files_retire(backup.fd, ABOUT_FILE, order->keep, options->log);
    out->whole_us = clock_wall_us();
    snprintf(out->path, sizeof out->path, "%.3000s/%s", options->dir, backup.name);
    close(backup.fd);
    return rc;
}

int64_t
backup_prepare(const struct backup_options *options)
{
    int fd = backup_files_open(options->dir), error = fd < 0 ? -fd : 0;
    int64_t newest = fd < 0 ? 0 : backup_files_newest(fd, ABOUT_FILE);

    if (fd >= 0 && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0) // such as a mount that is read-only
        error = errno;
    if (error == 0)
        backup_files_clean(fd, options->log);
    else if (error != EWOULDBLOCK)
        LOG_WARNING(options->log, "backup", "backups can not be written", LOG_TEXT("path", options->dir),
                    LOG_ERRNO(error));
    if (fd >= 0)
        close(fd);
    return newest;
}
