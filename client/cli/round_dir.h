// SPDX-License-Identifier: Apache-2.0
// A directory of a record, or of its corrections, that is being written: under the name DIR.part, so that
// what has the name is whole. One thread. Functions return a cli_status, unless said otherwise.
#ifndef CLIENT_CLI_ROUND_DIR_H
#define CLIENT_CLI_ROUND_DIR_H

#include "client/cli/cli.h"
#include <stdio.h>
#include <sys/types.h>

#define ROUND_DIR_PATH 4096u

struct round_dir {
    struct cli *cli;
    const char *path;          // of the directory; NULL = none was begun
    char part[ROUND_DIR_PATH]; // where it is until it is kept
    int fd;                    // of that, locked
};

// Makes DIR.part, with this mode; DIR must not be there. What an export that was killed has left in it is
// removed. dir must be all zero; round_dir_drop gives it back in any case.
int round_dir_begin(struct cli *cli, const char *path, mode_t mode, struct round_dir *dir) MUST_CHECK;

// A new file in it, for writing: NULL with errno. round_dir_close syncs and closes it: 0, or -1 with errno.
FILE *round_dir_open(const struct round_dir *dir, const char *name, mode_t mode) MUST_CHECK;
int round_dir_close(FILE *file) MUST_CHECK;

// A new file with this text; a copy of a file of another directory.
int round_dir_write(const struct round_dir *dir, const char *name, mode_t mode, const char *text) MUST_CHECK;
int round_dir_copy(const struct round_dir *dir, const char *name, mode_t mode,
                   const struct round_dir *from) MUST_CHECK;

// Removes a file that may be there.
int round_dir_remove(const struct round_dir *dir, const char *name) MUST_CHECK;

// Syncs the names of its files; gives it its own name.
int round_dir_sync(const struct round_dir *dir) MUST_CHECK;
int round_dir_keep(struct round_dir *dir) MUST_CHECK;

// Removes what was not kept. Safe on what was not begun.
void round_dir_drop(struct round_dir *dir);

#endif
