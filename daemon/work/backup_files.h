// SPDX-License-Identifier: Apache-2.0
// The backup directory as a set of names: what is whole, what is not, and what is not kept. Only
// work/backup.c needs it. One thread holds a directory at a time, by its lock.
#ifndef WORK_BACKUP_FILES_H
#define WORK_BACKUP_FILES_H

#include "base/attr.h"
#include <stdint.h>

struct log;

#define BACKUP_FILES_TIME "%Y%m%dT%H%M%SZ" // of strftime: a name that is a time, by which backups grow old

// Makes the directory (0700) if it is not there, opens and locks it until the descriptor is closed. The
// descriptor or -errno, -EWOULDBLOCK where another process has the lock.
int backup_files_open(const char *dir) MUST_CHECK;

// Gives the directory at path a name in fd, unless there is such a name: -EEXIST. 0 or -errno.
int backup_files_rename(int fd, const char *path, const char *name) MUST_CHECK;

// When the file of that name was written last in any directory of the backup directory, microseconds since
// 1970; 0 = nowhere.
int64_t backup_files_newest(int fd, const char *file);

// Removes what is called .NAME.part. What can not be removed is logged.
void backup_files_clean(int fd, const struct log *log);

// Removes the oldest directories whose name is a time and that have the file in them, which says that they
// are backups, but for `keep` of them; each loses its name first, so that none is there by half. Returns how
// many went.
uint32_t backup_files_retire(int fd, const char *file, uint32_t keep, const struct log *log);

#endif
