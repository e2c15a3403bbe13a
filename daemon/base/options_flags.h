// SPDX-License-Identifier: Apache-2.0
// The command line of kansend, as words: what is given, not yet what it means. The rows of the table of
// options that have a flag are flags here, and those below say what to do.
#ifndef BASE_OPTIONS_FLAGS_H
#define BASE_OPTIONS_FLAGS_H

#include "base/attr.h"
#include "base/options.h"
#include "base/options_table.h"
#include <stddef.h>
#include <stdio.h>

#define OPTIONS_FLAGS_DEFAULT_FILE "/etc/kansen/kansend.conf"

// All texts are those of argv.
struct options_flags {
    const char *file; // NULL = not given
    enum options_mode mode;
    const char *values[OPTIONS_TABLE_ROWS]; // by row, NULL = not given
    const char *listen[OPTIONS_LISTEN_MAX];
    size_t n_listen;
    const char *check_dir;                 // behind a mode that takes a directory; NULL = not given
    const char *replay_file, *to_sequence; // NULL = not given
};

// Fills flags, which is all zero. 0, or 1 with the reason in why. One thread at a time, as getopt_long is.
int options_flags_parse(int argc, char **argv, struct options_flags *flags,
                        char why[OPTIONS_WHY_MAX]) MUST_CHECK;

// Writes how kansend is called.
void options_flags_help(FILE *out);

#endif
