// SPDX-License-Identifier: Apache-2.0
// Invariant: a line is whole on the disk before erasures_sync returns 0. What a crash left of a line that was
// never acknowledged is ended by a line feed, so that the next one stands alone.
#include "work/erasures.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/placement.h"
#include "store/store.h"
#include "work/apply.h"
#include "work/lifecycle.h"
#include "work/writer.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define HEX_BYTES   (2 * (size_t)ERASURES_HASH_BYTES)
#define TIME_DIGITS 19u
#define SUM_DIGITS  16u
#define LINE_BYTES  (TIME_DIGITS + 1 + HEX_BYTES + 1 + SUM_DIGITS + 1) // with the line feed
#define SUM_AT      (TIME_DIGITS + 1 + HEX_BYTES + 1)
#define GROUP       4096u // students forgotten in one transaction at start
#define MEMORY_MAX  ((size_t)64 << 20)

struct erasures {
    int fd;
    off_t size; // of what is good
    struct buf noted;
    char path[4096];
};

// ---- Lines

static void
print_line(const uint8_t hash[ERASURES_HASH_BYTES], int64_t time_us, char out[LINE_BYTES + 1])
{
    char hex[HEX_BYTES + 1];
    int len;

    sodium_bin2hex(hex, sizeof hex, hash, ERASURES_HASH_BYTES);
    len = snprintf(out, LINE_BYTES + 1, "%019" PRId64 " %s ", time_us, hex);
    snprintf(out + len, LINE_BYTES + 1 - (size_t)len, "%016" PRIx64 "\n", (uint64_t)XXH3_64bits(out, SUM_AT));
}

// Whether a line is whole; it is as long as LINE_BYTES or not one of ours.
static bool
read_line(const char *line, size_t len, uint8_t hash[ERASURES_HASH_BYTES], int64_t *time_us)
{
    char again[LINE_BYTES + 1];
    size_t hash_len;

    if (len != LINE_BYTES || strspn(line, "0123456789") != TIME_DIGITS)
        return false;
    *time_us = strtoll(line, NULL, 10);
    if (sodium_hex2bin(hash, ERASURES_HASH_BYTES, line + TIME_DIGITS + 1, HEX_BYTES, NULL, &hash_len, NULL) !=
            0 ||
        hash_len != ERASURES_HASH_BYTES)
        return false;
    print_line(hash, *time_us, again);
    return memcmp(line, again, LINE_BYTES) == 0;
}

// ---- Opening

static int
fail(struct fault *fault, const char *path, const char *what)
{
    return fault_set(fault, CODE_UNAVAILABLE, "erasures", "%s %s: %s", path, what, strerror(errno));
}

// A new file is one only when its directory says so.
static int
sync_directory(const char *path)
{
    char copy[4096];
    int fd, rc;

    snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    rc = fsync(fd);
    close(fd);
    return rc;
}

// Ends the line that a crash cut short.
static int
end_last_line(struct erasures *erasures)
{
    char last = '\n';

    if (erasures->size > 0 && pread(erasures->fd, &last, 1, erasures->size - 1) != 1)
        return -1;
    if (last == '\n')
        return 0;
    if (write(erasures->fd, "\n", 1) != 1 || fdatasync(erasures->fd) != 0)
        return -1;
    erasures->size++;
    return 0;
}

int
erasures_open(const char *path, struct erasures **out, struct fault *fault)
{
    struct erasures *erasures = calloc(1, sizeof *erasures);
    struct stat file;
    int rc;

    if (erasures == NULL)
        return STORE_FAULT_MEMORY;
    snprintf(erasures->path, sizeof erasures->path, "%s", path);
    erasures->fd = open(erasures->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (erasures->fd < 0 || fstat(erasures->fd, &file) != 0 || sync_directory(erasures->path) != 0) {
        rc = fail(fault, erasures->path, "can not be opened");
        goto fail;
    }
    erasures->size = file.st_size;
    if (end_last_line(erasures) != 0) {
        rc = fail(fault, erasures->path, "can not be written");
        goto fail;
    }
    *out = erasures;
    return 0;

fail:
    erasures_close(erasures);
    return rc;
}

void
erasures_close(struct erasures *erasures)
{
    if (erasures == NULL)
        return;
    if (erasures->fd >= 0)
        close(erasures->fd);
    buf_free(&erasures->noted);
    free(erasures);
}

// ---- At start

struct applying {
    const struct log *log;
    struct txn *txn;
    struct arena *arena;
    int64_t time_us; // of the commands
    uint64_t line, damaged, forgotten;
    unsigned in_txn; // forgotten in the open transaction
};

static int
forget(struct applying *applying, const uint8_t hash[ERASURES_HASH_BYTES])
{
    Kansen__V1__ForgetStudent operation = KANSEN__V1__FORGET_STUDENT__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct command_secrets secrets = {.has_student = true};
    struct command command = {.time_us = applying->time_us,
                              .actor = "erasures",
                              .client = "",
                              .movers = MOVER_OPERATOR,
                              .secrets = &secrets,
                              .write = &write};
    Kansen__V1__WriteResult result;
    int rc;

    write.operation_case = KANSEN__V1__WRITE__OPERATION_FORGET_STUDENT;
    write.forget_student = &operation;
    memcpy(secrets.student_hash, hash, sizeof secrets.student_hash);
    rc = apply(applying->txn, &command, applying->arena, &result);
    arena_reset(applying->arena);
    applying->forgotten += rc == 0;
    if (rc != 0 || ++applying->in_txn < GROUP)
        return rc;
    applying->in_txn = 0;
    rc = txn_commit(applying->txn);
    return rc == 0 ? txn_begin(applying->txn) : rc;
}

static int
apply_line(struct applying *applying, const char *line, size_t len)
{
    uint8_t hash[ERASURES_HASH_BYTES];
    int64_t erased_us, since_us = 0;
    int rc;

    applying->line++;
    if (!read_line(line, len, hash, &erased_us)) {
        if (applying->damaged++ == 0)
            LOG_WARNING(applying->log, "erasures",
                        "a line is damaged and skipped; whom it named stays known if a backup is restored",
                        LOG_U64("line", applying->line));
        return 0;
    }
    rc = student_since(applying->txn, hash, &since_us);
    if (rc == STORE_E_NOT_FOUND || (rc == 0 && since_us > erased_us))
        return 0;
    return rc == 0 ? forget(applying, hash) : rc;
}

static int
apply_lines(struct applying *applying, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int rc = 0;

    while (rc == 0 && (len = getline(&line, &room, file)) >= 0)
        rc = apply_line(applying, line, (size_t)len);
    free(line);
    return rc;
}

static int
apply_file(struct applying *applying, struct store *store, FILE *file)
{
    int rc = writer_last_time(store, &applying->time_us);

    if (clock_wall_us() > applying->time_us)
        applying->time_us = clock_wall_us();
    if (rc == 0)
        rc = txn_new_write(store, &applying->txn);
    if (rc == 0)
        rc = txn_begin(applying->txn);
    if (rc == 0)
        rc = apply_lines(applying, file);
    if (rc == 0 && applying->in_txn > 0)
        rc = txn_commit(applying->txn);
    txn_free(applying->txn);
    return rc;
}

int
erasures_apply(struct erasures *erasures, struct store *store, const struct log *log, struct fault *fault)
{
    struct applying applying = {.log = log, .arena = arena_new(MEMORY_MAX)};
    FILE *file = fopen(erasures->path, "re");
    int rc = applying.arena == NULL ? (int)STORE_FAULT_MEMORY : 0;

    if (file == NULL)
        rc = fail(fault, erasures->path, "can not be read");
    if (rc == 0)
        rc = apply_file(&applying, store, file);
    if (rc == 0 && ferror(file))
        rc = fail(fault, erasures->path, "can not be read");
    if (rc == 0 && applying.damaged > 1)
        LOG_WARNING(log, "erasures", "lines are damaged and skipped", LOG_U64("lines", applying.damaged));
    if (rc == 0 && applying.forgotten > 0)
        LOG_NOTICE(log, "erasures",
                   "the store knew students that had been forgotten, as a restored one does; they are "
                   "forgotten again",
                   LOG_U64("students", applying.forgotten));
    if (file != NULL)
        fclose(file);
    arena_free(applying.arena);
    return rc;
}

// ---- While the writer runs

// A line that the writer is about to write is not whole yet: it is left out.
int
erasures_copy(const struct erasures *erasures, int to)
{
    char block[512 * LINE_BYTES];
    off_t at = 0;
    ssize_t got;

    while ((got = pread(erasures->fd, block, sizeof block, at)) > 0) {
        const char *end = memrchr(block, '\n', (size_t)got);
        size_t whole = end == NULL ? 0 : (size_t)(end - block) + 1, done = 0;

        while (done < whole) {
            ssize_t written = write(to, block + done, whole - done);

            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0)
                return written < 0 ? -errno : -ENOSPC;
            done += (size_t)written;
        }
        if (whole == 0)
            return 0;
        at += (off_t)whole;
    }
    return got == 0 ? 0 : -errno;
}

int
erasures_note(struct erasures *erasures, const uint8_t hash[ERASURES_HASH_BYTES], int64_t time_us)
{
    char line[LINE_BYTES + 1];

    if (erasures == NULL)
        return 0;
    print_line(hash, time_us, line);
    return buf_append(&erasures->noted, line, LINE_BYTES) == 0 ? 0 : (int)STORE_FAULT_MEMORY;
}

void
erasures_drop(struct erasures *erasures)
{
    if (erasures != NULL)
        buf_truncate(&erasures->noted, 0);
}

// Takes back what was written of lines that are not whole.
static int
take_back(struct erasures *erasures, int error)
{
    if (ftruncate(erasures->fd, erasures->size) != 0)
        return STORE_FAULT_IO;
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? STORE_FAULT_FULL : STORE_FAULT_IO;
}

int
erasures_sync(struct erasures *erasures)
{
    size_t len, done = 0;

    if (erasures == NULL || buf_len(&erasures->noted) == 0)
        return 0;
    len = buf_len(&erasures->noted);
    while (done < len) {
        ssize_t written = write(erasures->fd, buf_bytes(&erasures->noted) + done, len - done);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return take_back(erasures, written == 0 ? ENOSPC : errno);
        done += (size_t)written;
    }
    if (fdatasync(erasures->fd) != 0) // what it says the next time can not be trusted
        return STORE_FAULT_IO;
    erasures->size += (off_t)len;
    erasures_drop(erasures);
    return 0;
}
