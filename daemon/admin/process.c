// SPDX-License-Identifier: Apache-2.0
// proc(5), of which the sandbox leaves /proc/self, and getrusage(2).
#include "admin/process.h"
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

// The figures behind the name of the program, which may hold anything but ends with the last bracket.
static void
read_stat(struct process *out)
{
    FILE *file = fopen("/proc/self/stat", "re");
    char line[1024], *end;
    uint64_t pages = 0;

    if (file == NULL)
        return;
    if (fgets(line, sizeof line, file) != NULL && (end = strrchr(line, ')')) != NULL &&
        sscanf(end + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %" SCNu64
               " %*d %*u %" SCNu64 " %" SCNu64,
               &out->threads, &out->virtual_bytes, &pages) == 3)
        out->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    fclose(file);
}

// From Linux 6.2 on the size of the directory is how many it holds.
static uint64_t
count_files(void)
{
    struct stat stat;
    uint64_t count = 0;
    DIR *dir;

    if (lstat("/proc/self/fd/.", &stat) == 0 && stat.st_size > 0)
        return (uint64_t)stat.st_size;
    dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count - 1; // that of the directory itself
}

static uint64_t
us_of(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

void
process_read(struct process *out)
{
    struct rusage usage;
    struct rlimit files;

    *out = (struct process){.open_files = count_files()};
    read_stat(out);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        out->cpu_us = us_of(&usage.ru_utime) + us_of(&usage.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        out->max_files = files.rlim_cur;
}
