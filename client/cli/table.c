// SPDX-License-Identifier: Apache-2.0
// Invariant: failed remembers the first error, so that rows can be filled without a check at each cell.
#include "client/cli/table.h"
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct table {
    struct libscols_table *scols;
    struct libscols_line *line;
    bool failed;
};

static int
add_columns(struct libscols_table *scols, const struct table_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int flags = ((columns[i].flags & TABLE_RIGHT) != 0 ? SCOLS_FL_RIGHT : 0) |
                    ((columns[i].flags & TABLE_TRUNC) != 0 ? SCOLS_FL_TRUNC : 0);

        if (scols_table_new_column(scols, columns[i].name, columns[i].share, flags) == NULL)
            return -1;
    }
    return 0;
}

struct table *
table_new(const struct table_column *columns, size_t count, bool heading)
{
    struct table *table = calloc(1, sizeof *table);

    if (table == NULL)
        return NULL;
    scols_init_debug(0);
    table->scols = scols_new_table();
    if (table->scols == NULL || add_columns(table->scols, columns, count) != 0) {
        table_free(table);
        return NULL;
    }
    scols_table_enable_noheadings(table->scols, !heading);
    return table;
}

void
table_free(struct table *table)
{
    if (table == NULL)
        return;
    scols_unref_table(table->scols);
    free(table);
}

void
table_row(struct table *table)
{
    table->line = scols_table_new_line(table->scols, NULL);
    table->failed |= table->line == NULL;
}

void
table_cell(struct table *table, size_t column, const char *text)
{
    if (table->line != NULL && scols_line_set_data(table->line, column, text) != 0)
        table->failed = true;
}

void
table_cellf(struct table *table, size_t column, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    table_cell(table, column, text);
}

int
table_print(struct table *table)
{
    if (table->failed || scols_print_table(table->scols) != 0)
        return -1;
    return 0;
}
