// SPDX-License-Identifier: Apache-2.0
#include "client/verify/files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[FILES_N] = {"record", "signature", "public-cutoffs", "input",
                                           "result", "cutoffs",   "explanations",   "audit"};

const char *
files_name(enum files_file file)
{
    return names[file];
}

// A file that can be read to its end: no pipe that would block, no device.
static int
read_whole(int directory, const char *name, uint64_t most, struct report *report, char **bytes, size_t *len)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat about;
    size_t at = 0;
    ssize_t got = 1;

    if (fd < 0)
        return report_fault(report, name, 0, "file", "%s", strerror(errno));
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || (uint64_t)about.st_size > most) {
        close(fd);
        return report_fault(report, name, 0, "file", "is no regular file, or larger than allowed");
    }
    *bytes = malloc((size_t)about.st_size + 1);
    while (*bytes != NULL && got > 0 && at < (size_t)about.st_size) {
        got = read(fd, *bytes + at, (size_t)about.st_size - at);
        at += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    if (*bytes == NULL)
        return report_no_memory(report);
    *len = at;
    return got < 0 ? report_fault(report, name, 0, "file", "%s", strerror(errno)) : 0;
}

static int
check_names(const char *path, struct report *report)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    int rc = 0;

    if (directory == NULL)
        return report_fault(report, "", 0, "file", "%s", strerror(errno));
    while ((entry = readdir(directory)) != NULL) {
        unsigned i = 0;

        while (i < FILES_N && strcmp(entry->d_name, names[i]) != 0)
            i++;
        if (i == FILES_N && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char quoted[REPORT_QUOTED_MAX];

            rc = report_fault(report, "", 0, "file", "%s is no file of a record",
                              report_quote(slice_of(entry->d_name), quoted));
        }
    }
    closedir(directory);
    return rc;
}

int
files_read(const char *path, unsigned n, uint64_t most, struct report *report, struct files *files)
{
    int directory, rc = check_names(path, report);

    if (rc != 0)
        return rc;
    directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return report_fault(report, "", 0, "file", "%s", strerror(errno));
    for (unsigned i = 0; i < n && rc == 0; i++) {
        size_t len = 0;

        rc = read_whole(directory, names[i], most, report, &files->owned[i], &len);
        files->file[i] = (struct slice){files->owned[i], len};
        most -= len;
    }
    close(directory);
    return rc;
}

void
files_free(struct files *files)
{
    for (unsigned i = 0; i < FILES_N; i++)
        free(files->owned[i]);
}

int
files_read_one(const char *path, size_t most, struct report *report, char **bytes, size_t *len)
{
    return read_whole(AT_FDCWD, path, most, report, bytes, len);
}
