// SPDX-License-Identifier: Apache-2.0
// The options that are in force: shown as a file, and changed by those of another file. Main thread.
#ifndef BASE_OPTIONS_CHANGE_H
#define BASE_OPTIONS_CHANGE_H

#include "base/options.h"
#include <stdbool.h>
#include <stdio.h>

#define OPTIONS_VALUE_MAX 1024u // bytes of a value as text, with the end; longer ones are cut

struct options_difference {
    const char *key;
    const char *old, *new; // "" = not given; texts of a list have ", " between them
    bool holds_now;        // else it needs a restart, and old stays in force
};

// Takes those options of next that differ from now and may change while the daemon serves; next gets their
// old values. Calls tell for each option that differs, the others too.
void options_change(struct options *now, struct options *next,
                    void (*tell)(void *arg, const struct options_difference *difference), void *arg);

// Writes a configuration file that says the same, each option with what it is for. There is nothing secret in
// it: keys and tokens are files, of which it has the names.
void options_print(const struct options *options, FILE *out);

#endif
