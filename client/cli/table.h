// SPDX-License-Identifier: Apache-2.0
// Tables for people, on standard output, by libsmartcols. Memory that runs out shows in table_print. One
// thread.
#ifndef CLIENT_CLI_TABLE_H
#define CLIENT_CLI_TABLE_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

#define TABLE_RIGHT 1 // numbers
#define TABLE_TRUNC 2 // may be cut on a narrow terminal

struct table_column {
    const char *name;
    int flags;
    double share; // of the width of a narrow terminal, for columns that may be cut; 0 = whatever is left
};

struct table;

// A table with these columns; with heading, their names are printed. NULL when memory is short.
struct table *table_new(const struct table_column *columns, size_t count, bool heading) MUST_CHECK;
void table_free(struct table *table);

// Begins a row, and sets a cell of it (copied). Control characters are shown as such.
void table_row(struct table *table);
void table_cell(struct table *table, size_t column, const char *text);
void table_cellf(struct table *table, size_t column, const char *format, ...) PRINTF_LIKE(3, 4);

// Prints the rows. 0, or -1 when memory was short.
int table_print(struct table *table) MUST_CHECK;

#endif
