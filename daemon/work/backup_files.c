// SPDX-License-Identifier: Apache-2.0
// Names are read before anything is removed, as a directory that changes while it is read may tell of some
// names twice or not at all.
#include "work/backup_files.h"
#include "base/log.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIME_SHAPE "00000000T000000Z"
#define PART_END   ".part"

int
backup_files_open(const char *dir)
{
    int fd, rc;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return -errno;
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    rc = -errno;
    close(fd);
    return rc;
}

int
backup_files_rename(int fd, const char *path, const char *name)
{
    if (renameat2(AT_FDCWD, path, fd, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL) // a file system without that flag
        return -errno;
    if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    return renameat(AT_FDCWD, path, fd, name) == 0 ? 0 : -errno;
}

// ---- Lists of names

struct names {
    char **list;
    size_t count;
};

typedef bool wanted_name(const char *name);

static bool
is_any(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool
is_whole(const char *name)
{
    return name[0] != '.';
}

static bool
is_part(const char *name)
{
    size_t len = strlen(name), end = strlen(PART_END);

    return name[0] == '.' && len > end && strcmp(name + len - end, PART_END) == 0;
}

static bool
is_time(const char *name)
{
    if (strlen(name) != strlen(TIME_SHAPE))
        return false;
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (TIME_SHAPE[i] == '0' ? name[i] < '0' || name[i] > '9' : name[i] != TIME_SHAPE[i])
            return false;
    }
    return true;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
free_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
    *names = (struct names){0};
}

static int
add_name(struct names *names, const char *name)
{
    char **list = reallocarray(names->list, names->count + 1, sizeof *list);

    if (list == NULL)
        return -ENOMEM;
    names->list = list;
    list[names->count] = strdup(name);
    if (list[names->count] == NULL)
        return -ENOMEM;
    names->count++;
    return 0;
}

// The names in a directory that are wanted, in order. 0 or -errno.
static int
read_names(int fd, wanted_name *wanted, struct names *out)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0; // its own place in the directory
    DIR *dir = own < 0 ? NULL : fdopendir(own);
    const struct dirent *entry;

    if (dir == NULL) {
        rc = -errno;
        if (own >= 0)
            close(own);
        return rc;
    }
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        if (wanted(entry->d_name))
            rc = add_name(out, entry->d_name);
    }
    closedir(dir);
    if (rc == 0 && out->count > 0)
        qsort(out->list, out->count, sizeof out->list[0], compare);
    return rc;
}

static bool
has_file(int fd, const char *name, const char *file, struct stat *stat)
{
    char path[2 * NAME_MAX + 2];

    snprintf(path, sizeof path, "%.255s/%.255s", name, file);
    return fstatat(fd, path, stat, AT_SYMLINK_NOFOLLOW) == 0;
}

int64_t
backup_files_newest(int fd, const char *file)
{
    struct names names = {0};
    int64_t newest = 0;

    if (read_names(fd, is_whole, &names) != 0)
        free_names(&names);
    for (size_t i = 0; i < names.count; i++) {
        struct stat stat;
        int64_t written_us;

        if (!has_file(fd, names.list[i], file, &stat))
            continue;
        written_us = stat.st_mtim.tv_sec * INT64_C(1000000) + stat.st_mtim.tv_nsec / 1000;
        newest = written_us > newest ? written_us : newest;
    }
    free_names(&names);
    return newest;
}

// ---- Removing

// A backup holds files alone, so what has directories in it is not ours, and stays. 0 or -errno.
static int
remove_directory(int fd, const char *name)
{
    struct names files = {0};
    int own = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc;

    if (own < 0)
        return -errno;
    rc = read_names(own, is_any, &files);
    for (size_t i = 0; i < files.count && rc == 0; i++)
        rc = unlinkat(own, files.list[i], 0) == 0 ? 0 : -errno;
    free_names(&files);
    close(own);
    if (rc == 0 && unlinkat(fd, name, AT_REMOVEDIR) != 0)
        rc = -errno;
    return rc;
}

static void
remove_or_tell(int fd, const char *name, const struct log *log)
{
    int rc = remove_directory(fd, name);

    if (rc != 0)
        LOG_WARNING(log, "backup", "what is left of a backup can not be removed", LOG_TEXT("name", name),
                    LOG_ERRNO(-rc));
    else
        LOG_DEBUG(log, "backup", "what was left of a backup is removed", LOG_TEXT("name", name));
}

void
backup_files_clean(int fd, const struct log *log)
{
    struct names parts = {0};

    if (read_names(fd, is_part, &parts) != 0)
        LOG_WARNING(log, "backup", "the backup directory can not be read");
    for (size_t i = 0; i < parts.count; i++)
        remove_or_tell(fd, parts.list[i], log);
    free_names(&parts);
}

// Takes the name away, then what had it.
static bool
retire(int fd, const char *name, const struct log *log)
{
    char part[NAME_MAX + 1];

    snprintf(part, sizeof part, ".%.100s" PART_END, name);
    if (renameat(fd, name, fd, part) != 0) {
        LOG_WARNING(log, "backup", "an old backup can not be removed", LOG_TEXT("name", name),
                    LOG_ERRNO(errno));
        return false;
    }
    LOG_INFO(log, "backup", "an old backup is removed", LOG_TEXT("name", name));
    remove_or_tell(fd, part, log);
    return true;
}

// Keeps those names alone whose directories have the file.
static void
filter(int fd, const char *file, struct names *names)
{
    size_t kept = 0;

    for (size_t i = 0; i < names->count; i++) {
        struct stat stat;

        if (has_file(fd, names->list[i], file, &stat))
            names->list[kept++] = names->list[i];
        else
            free(names->list[i]);
    }
    names->count = kept;
}

uint32_t
backup_files_retire(int fd, const char *file, uint32_t keep, const struct log *log)
{
    struct names times = {0};
    uint32_t gone = 0;

    if (read_names(fd, is_time, &times) != 0) {
        LOG_WARNING(log, "backup", "the backup directory can not be read");
        free_names(&times);
        return 0;
    }
    filter(fd, file, &times);
    for (size_t i = 0; i + keep < times.count; i++)
        gone += retire(fd, times.list[i], log);
    free_names(&times);
    return gone;
}
