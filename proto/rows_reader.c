// SPDX-License-Identifier: Apache-2.0
// Rows become writes: the header tells which field is which column, each row is parsed through the table. All
// errors of a row are told; only a row without one becomes a write.
#include "proto/rows_reader.h"
#include "proto/csv.h"
#include "proto/keyset.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (64u << 20) // bytes for one row, far above what a row of CSV_ROW_MAX needs

struct rows_reader {
    const struct rows_table *table;
    const char *source;
    struct rows_sink sink;
    struct csv *csv;
    struct arena *arena;                       // memory of one row
    struct keyset *keys;                       // of the rows that were good
    size_t width;                              // columns of the file; 0 = the header is not read
    const struct column *columns[COLUMNS_MAX]; // which column is which field
    struct column_message message;
};

struct rows_reader *
rows_reader_new(const struct rows_table *table, const char *source, const struct rows_sink *sink)
{
    struct rows_reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL)
        return NULL;
    reader->table = table;
    reader->source = source;
    reader->sink = *sink;
    reader->csv = csv_new();
    reader->arena = arena_new(ARENA_MAX);
    reader->keys = keyset_new();
    if (reader->csv == NULL || reader->arena == NULL || reader->keys == NULL) {
        rows_reader_free(reader);
        return NULL;
    }
    return reader;
}

void
rows_reader_free(struct rows_reader *reader)
{
    if (reader == NULL)
        return;
    csv_free(reader->csv);
    arena_free(reader->arena);
    keyset_free(reader->keys);
    free(reader);
}

size_t
rows_reader_place(const struct rows_reader *reader, const struct column *column)
{
    for (size_t i = 0; i < reader->width; i++)
        if (reader->columns[i] == column)
            return i + 1;
    return 0;
}

static int PRINTF_LIKE(5, 6)
    tell(struct rows_reader *reader, size_t line, size_t place, const char *field, const char *format, ...)
{
    struct column_message message;
    struct rows_error error = {line, place, field, message.text};
    va_list args;

    va_start(args, format);
    vsnprintf(message.text, sizeof message.text, format, args);
    va_end(args);
    return reader->sink.on_error(reader->sink.arg, &error);
}

// Without the spaces around it.
static struct csv_field
trimmed(struct csv_field field)
{
    while (field.len > 0 && field.text[0] == ' ') {
        field.text++;
        field.len--;
    }
    while (field.len > 0 && field.text[field.len - 1] == ' ')
        field.len--;
    field.text[field.len] = '\0';
    return field;
}

// Tells the missing columns. Returns the sum of the errors, or what the sink returned.
static int
tell_missing_columns(struct rows_reader *reader, const struct csv_row *row, size_t *errors)
{
    for (size_t i = 0; i < reader->table->count; i++) {
        const struct column *column = &reader->table->columns[i];
        char allowed[500];
        int result;

        if (!column->required || rows_reader_place(reader, column) != 0)
            continue;
        ++*errors;
        result = tell(reader, row->line, 0, column->name, "this column is missing; columns of %s: %s",
                      reader->table->name, columns_list(reader->table, allowed, sizeof allowed));
        if (result != 0)
            return result;
    }
    return 0;
}

// Finds the column that a field of the header names; tells an error if there is none or it was named before.
static int
read_header_field(struct rows_reader *reader, size_t line, struct csv_field field, size_t *errors)
{
    const struct column *column = columns_named(reader->table, field.text, field.len);
    size_t place = reader->width + 1;
    char allowed[500];

    if (column == NULL) {
        ++*errors;
        column_bad(&reader->message, field.text, field.len,
                   columns_list(reader->table, allowed, sizeof allowed));
        return tell(reader, line, place, "", "unknown column of %s: %s", reader->table->name,
                    reader->message.text);
    }
    if (rows_reader_place(reader, column) != 0) {
        ++*errors;
        return tell(reader, line, place, column->name, "this column is there twice, first as column %zu",
                    rows_reader_place(reader, column));
    }
    return 0;
}

static bool
knows_a_column(const struct rows_reader *reader, const struct csv_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        struct csv_field field = trimmed(row->fields[i]);

        if (columns_named(reader->table, field.text, field.len) != NULL)
            return true;
    }
    return false;
}

// Tells that the first row is no header at all.
static int
tell_no_header(struct rows_reader *reader, const struct csv_row *row)
{
    const struct csv_field *first = &row->fields[0];
    char allowed[500];
    int result;

    column_bad(&reader->message, first->text, first->len,
               columns_list(reader->table, allowed, sizeof allowed));
    result = tell(reader, row->line, 0, "", "the header row names no column of %s: the first field is %s",
                  reader->table->name, reader->message.text);
    return result != 0 ? result : ROWS_E_HEADER;
}

static int
read_header(struct rows_reader *reader, const struct csv_row *row)
{
    size_t errors = 0;
    int result;

    if (!knows_a_column(reader, row))
        return tell_no_header(reader, row);
    for (size_t i = 0; i < row->count && i < COLUMNS_MAX; i++) {
        struct csv_field field = trimmed(row->fields[i]);

        result = read_header_field(reader, row->line, field, &errors);
        if (result != 0)
            return result;
        reader->columns[reader->width++] = columns_named(reader->table, field.text, field.len);
    }
    result = tell_missing_columns(reader, row, &errors);
    if (result != 0)
        return result;
    return errors > 0 || row->count > COLUMNS_MAX ? ROWS_E_HEADER : 0;
}

// Tells what must be given and is not.
static int
tell_missing(struct rows_reader *reader, const struct csv_row *row, uint64_t given, size_t *errors)
{
    for (size_t i = 0; i < reader->table->count; i++) {
        const struct column *column = &reader->table->columns[i];
        int result = 0;

        if (columns_missing(reader->table, i, given, &reader->message) != 0) {
            ++*errors;
            result = tell(reader, row->line, rows_reader_place(reader, column), column->name, "%s",
                          reader->message.text);
        }
        if (result != 0)
            return result;
    }
    return 0;
}

// Parses the fields into record and counts the errors that it tells.
static int
parse_fields(struct rows_reader *reader, const struct csv_row *row, ProtobufCMessage *record, size_t *errors)
{
    bool comma = csv_separator(reader->csv) != ',';
    uint64_t given = 0;

    for (size_t i = 0; i < row->count; i++) {
        const struct column *column = reader->columns[i];
        struct csv_field field = column->type == COLUMN_TEXT ? row->fields[i] : trimmed(row->fields[i]);
        int result =
            column_parse(column, record, field.text, field.len, comma, reader->arena, &reader->message);

        if (field.len > 0)
            given |= UINT64_C(1) << (column - reader->table->columns);
        if (result == COLUMN_E_BAD) {
            ++*errors;
            result = tell(reader, row->line, i + 1, column->name, "%s", reader->message.text);
        }
        if (result != 0)
            return result;
    }
    return tell_missing(reader, row, given, errors);
}

// Adds the row's key; tells an error if it was there.
static int
check_key(struct rows_reader *reader, const struct csv_row *row, const char *key, size_t len, size_t *errors)
{
    const struct column *column = &reader->table->columns[0];
    size_t first_line;
    int result = keyset_add(reader->keys, key, len, row->line, &first_line);

    if (result != KEYSET_E_KNOWN)
        return result;
    ++*errors;
    column_bad(&reader->message, key, len, "each only once in a file");
    return tell(reader, row->line, rows_reader_place(reader, column), column->name, "%s; line %zu has it too",
                reader->message.text, first_line);
}

static bool
is_empty(const struct csv_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (row->fields[i].len > 0)
            return false;
    return true;
}

static int
read_row(struct rows_reader *reader, const struct csv_row *row)
{
    ProtobufCMessage *record;
    Kansen__V1__Write *write;
    size_t errors = 0;
    struct csv_field key;
    int result;

    if (is_empty(row)) // a spreadsheet writes ";;;;" for an empty line
        return 0;
    if (reader->width == 0)
        return read_header(reader, row);
    if (row->count != reader->width)
        return tell(reader, row->line, 0, "", "the row has %zu fields, the header %zu", row->count,
                    reader->width);
    arena_reset(reader->arena);
    record = columns_record(reader->table, reader->arena);
    if (record == NULL)
        return -ENOMEM;
    key = row->fields[rows_reader_place(reader, &reader->table->columns[0]) - 1];
    result = parse_fields(reader, row, record, &errors);
    if (result == 0 && errors == 0)
        result = check_key(reader, row, key.text, key.len, &errors);
    if (result != 0 || errors > 0)
        return result;
    write = columns_write(reader->table, record, false, reader->source, reader->arena);
    return write != NULL ? reader->sink.on_write(reader->sink.arg, row->line, write) : -ENOMEM;
}

static int
read_on(struct rows_reader *reader)
{
    for (;;) {
        struct csv_row row;
        struct csv_error error;
        int result = csv_next(reader->csv, &row, &error);

        if (result == CSV_MORE || result == CSV_END || result < 0)
            return result < 0 ? result : 0;
        if (result == CSV_ERROR) {
            bool known = error.column > 0 && error.column <= reader->width;

            result = tell(reader, error.line, error.column,
                          known ? reader->columns[error.column - 1]->name : "", "%s", error.message);
            if (result == 0 && reader->width == 0)
                result = ROWS_E_HEADER;
        } else {
            result = read_row(reader, &row);
        }
        if (result != 0)
            return result;
    }
}

int
rows_reader_feed(struct rows_reader *reader, const char *data, size_t len)
{
    int result = csv_feed(reader->csv, data, len);

    return result != 0 ? result : read_on(reader);
}

int
rows_reader_end(struct rows_reader *reader)
{
    char allowed[500];
    int result;

    csv_end(reader->csv);
    result = read_on(reader);
    if (result != 0 || reader->width > 0)
        return result;
    result = tell(reader, 1, 0, "", "the header row is missing; columns of %s: %s", reader->table->name,
                  columns_list(reader->table, allowed, sizeof allowed));
    return result != 0 ? result : ROWS_E_HEADER;
}
