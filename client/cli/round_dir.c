// SPDX-License-Identifier: Apache-2.0
// What is in DIR.part belongs to who has its lock, so an export that was killed leaves nothing in the way of
// the next one, and two at once do not mix.
#include "client/cli/round_dir.h"
#include "client/cli/round.h"
#include "client/cli/round_record.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_END ".part"

static int
failed(const struct round_dir *dir, const char *what)
{
    return cli_fail(dir->cli, "UNAVAILABLE", "", "%s can not be written: %s", what, strerror(errno));
}

// Removes the files that a record or its corrections have, and nothing else.
static int
empty(int fd)
{
    static const char *const others[] = {"corrections", "record", "signature"};
    int rc = 0;

    for (size_t i = 0; i < ROUND_RECORD_FILES; i++)
        if (unlinkat(fd, round_record_names[i], 0) != 0 && errno != ENOENT)
            rc = -1;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (unlinkat(fd, others[i], 0) != 0 && errno != ENOENT)
            rc = -1;
    return rc;
}

// Opens DIR.part, unless another export has it.
static int
lock_part(struct round_dir *dir)
{
    int fd = open(dir->part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return failed(dir, dir->part);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int status = failed(dir, dir->part);

        close(fd);
        return status;
    }
    dir->fd = fd;
    return CLI_OK;
}

// Removes what an export that was killed has left.
static int
remove_left(struct round_dir *dir)
{
    int status = lock_part(dir);

    if (status != CLI_OK)
        return status;
    if (empty(dir->fd) != 0 || rmdir(dir->part) != 0)
        status = failed(dir, dir->part);
    close(dir->fd);
    return status;
}

static int
make_part(struct round_dir *dir, mode_t mode)
{
    int rc = mkdir(dir->part, mode);

    if (rc != 0 && errno == EEXIST) {
        int status = remove_left(dir);

        if (status != CLI_OK)
            return status;
        rc = mkdir(dir->part, mode);
    }
    return rc == 0 ? lock_part(dir) : failed(dir, dir->part);
}

int
round_dir_begin(struct cli *cli, const char *path, mode_t mode, struct round_dir *dir)
{
    size_t len = strlen(path);
    struct stat status;
    int rc;

    while (len > 1 && path[len - 1] == '/')
        len--;
    dir->cli = cli;
    if (lstat(path, &status) == 0)
        return cli_usage(cli, "%s: %s; a record goes into a new directory", path, strerror(EEXIST));
    if (len + sizeof PART_END > sizeof dir->part)
        return cli_usage(cli, "%s: the name is too long", path);
    snprintf(dir->part, sizeof dir->part, "%.*s" PART_END, (int)len, path);
    rc = make_part(dir, mode);
    if (rc == CLI_OK)
        dir->path = path;
    return rc;
}

FILE *
round_dir_open(const struct round_dir *dir, const char *name, mode_t mode)
{
    int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    return fd < 0 ? NULL : fdopen(fd, "w");
}

int
round_dir_close(FILE *file)
{
    int rc = fflush(file) == 0 && fsync(fileno(file)) == 0 ? 0 : -1;

    return fclose(file) == 0 ? rc : -1;
}

int
round_dir_write(const struct round_dir *dir, const char *name, mode_t mode, const char *text)
{
    FILE *out = round_dir_open(dir, name, mode);

    if (out == NULL)
        return failed(dir, name);
    if (fputs(text, out) == EOF) {
        fclose(out);
        return failed(dir, name);
    }
    return round_dir_close(out) == 0 ? CLI_OK : failed(dir, name);
}

int
round_dir_copy(const struct round_dir *dir, const char *name, mode_t mode, const struct round_dir *from)
{
    char path[ROUND_DIR_PATH + 64], *text = NULL;
    struct stat about;
    int status;

    if (fstatat(from->fd, name, &about, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(dir, name);
    snprintf(path, sizeof path, "%s/%s", from->part, name);
    status = round_read_file(dir->cli, path, (size_t)about.st_size, &text);
    if (status == CLI_OK)
        status = round_dir_write(dir, name, mode, text);
    free(text);
    return status;
}

int
round_dir_remove(const struct round_dir *dir, const char *name)
{
    return unlinkat(dir->fd, name, 0) == 0 || errno == ENOENT ? CLI_OK : failed(dir, name);
}

int
round_dir_sync(const struct round_dir *dir)
{
    return fsync(dir->fd) == 0 ? CLI_OK : failed(dir, dir->part);
}

int
round_dir_keep(struct round_dir *dir)
{
    if (rename(dir->part, dir->path) != 0)
        return failed(dir, dir->path);
    dir->path = NULL;
    close(dir->fd);
    return CLI_OK;
}

void
round_dir_drop(struct round_dir *dir)
{
    if (dir->path == NULL)
        return;
    (void)empty(dir->fd);
    (void)rmdir(dir->part);
    close(dir->fd);
    dir->path = NULL;
}
