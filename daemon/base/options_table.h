// SPDX-License-Identifier: Apache-2.0
// The table of the options, and how an option gets its value and shows it. Only base/options*.c need it. Main
// thread.
#ifndef BASE_OPTIONS_TABLE_H
#define BASE_OPTIONS_TABLE_H

#include "base/attr.h"
#include "base/options.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_TABLE_ROWS        52u
#define OPTIONS_TABLE_MESSAGE_MAX 256u // bytes with the end

enum option_type {
    OPTION_TEXT,
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
    unsigned offset; // of the member of struct options
    bool reloads;    // a reload changes it; else it needs a restart
    uint64_t min, max;
    const char *initial; // default as text; NULL = found at the end
    const char *help;
};

extern const struct option_row options_table[]; // OPTIONS_TABLE_ROWS of them

// The row with this key, or NULL.
const struct option_row *options_table_find(const char *key);

// The row whose key is most likely to be meant, or NULL when none is near.
const struct option_row *options_table_nearest(const char *key);

// Gives an option the value that text says; one more value for a list. 0; or 1 with a message for a person,
// in which the option itself is not named.
int options_table_set(struct options *options, const struct option_row *row, const char *text,
                      char message[OPTIONS_TABLE_MESSAGE_MAX]) MUST_CHECK;

// How many values an option has: 1, but for a list, and 0 for a text that is not given.
size_t options_table_values(const struct options *options, const struct option_row *row);

// Value i of an option as text, which options_table_set takes back. It stays the options' or room's.
const char *options_table_get(const struct options *options, const struct option_row *row, size_t i,
                              char room[32]);

// Writes a number of an option as people do, in the greatest unit that keeps it whole.
void options_table_print(const struct option_row *row, uint64_t value, char out[32]);

#endif
