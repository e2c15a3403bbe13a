// SPDX-License-Identifier: Apache-2.0
// The table of the options, and how an option gets its value. Only base/options.c needs it. Main thread, at
// start.
#ifndef BASE_OPTIONS_TABLE_H
#define BASE_OPTIONS_TABLE_H

#include "base/attr.h"
#include "base/options.h"
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_TABLE_ROWS        48u
#define OPTIONS_TABLE_MESSAGE_MAX 256u // bytes with the end

enum option_type {
    OPTION_TEXT,
    OPTION_WORD_LOG_LEVEL,
    OPTION_WORD, // one of those in the row's argument
    OPTION_LIST,
    OPTION_NUMBER,
    OPTION_SIZE,   // bytes, also with KiB, MiB or GiB behind the number
    OPTION_SWITCH, // on, off or required: an enum options_switch
};

struct option_row {
    const char *key;
    const char *flag; // long flag of the command line, or NULL
    const char *argument;
    enum option_type type;
    size_t offset; // of the member of struct options
    uint64_t min, max;
    const char *initial; // default as text; NULL = found at the end
    const char *help;
};

extern const struct option_row options_table[]; // OPTIONS_TABLE_ROWS of them

// The row with this key, or NULL.
const struct option_row *options_table_find(const char *key);

// Gives an option the value that text says; one more value for a list. 0; or 1 with a message for a person,
// in which the option itself is not named.
int options_table_set(struct options *options, const struct option_row *row, const char *text,
                      char message[OPTIONS_TABLE_MESSAGE_MAX]) MUST_CHECK;

#endif
