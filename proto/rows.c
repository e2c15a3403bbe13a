// SPDX-License-Identifier: Apache-2.0
// Files of rows: the reader over a stream, and the writer of the canonical form.
#include "proto/rows.h"
#include "proto/columns.h"
#include "proto/rows_reader.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE (64u * 1024)

int
rows_read(const struct rows_table *table, FILE *file, const char *source, const struct rows_sink *sink)
{
    struct rows_reader *reader = rows_reader_new(table, source, sink);
    char *data = malloc(READ_SIZE);
    int result = reader != NULL && data != NULL ? 0 : -ENOMEM;

    while (result == 0) {
        size_t len;

        errno = 0;
        len = fread(data, 1, READ_SIZE, file);
        result = rows_reader_feed(reader, data, len);
        if (len == READ_SIZE || result != 0)
            continue;
        if (ferror(file))
            result = errno != 0 ? -errno : -EIO;
        else
            result = rows_reader_end(reader);
        break;
    }
    free(data);
    rows_reader_free(reader);
    return result;
}

static int
failure_of(FILE *file)
{
    if (!ferror(file))
        return 0;
    return errno != 0 ? -errno : -EIO;
}

// len is at least 1.
static bool
needs_quotes(const char *text, size_t len)
{
    if (text[0] == ' ' || text[len - 1] == ' ')
        return true;
    return memchr(text, ',', len) != NULL || memchr(text, '"', len) != NULL ||
           memchr(text, '\n', len) != NULL || memchr(text, '\r', len) != NULL;
}

static void
write_field(const char *text, size_t len, FILE *file)
{
    if (!needs_quotes(text, len)) {
        fwrite(text, 1, len, file);
        return;
    }
    putc('"', file);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            putc('"', file);
        putc(text[i], file);
    }
    putc('"', file);
}

// Writes the columns that are on_request or not: their names where record is NULL, else their values.
static int
write_columns(const struct rows_table *table, FILE *file, const ProtobufCMessage *record, bool on_request,
              struct buf *text)
{
    int result = 0;

    for (size_t i = 0; i < table->count && result == 0; i++) {
        const struct column *column = &table->columns[i];

        if (column->on_request != on_request)
            continue;
        buf_truncate(text, 0);
        if (record != NULL)
            result = column_print(column, record, text);
        else
            result = buf_append(text, column->name, strlen(column->name));
        if (i > 0) // the first column is never on request
            putc(',', file);
        if (buf_len(text) > 0)
            write_field((const char *)buf_bytes(text), buf_len(text), file);
    }
    return result;
}

static int
write_row(const struct rows_table *table, FILE *file, const ProtobufCMessage *record, bool all)
{
    struct buf text = {0};
    int result;

    errno = 0;
    result = write_columns(table, file, record, false, &text);
    if (result == 0 && all)
        result = write_columns(table, file, record, true, &text);
    putc('\n', file);
    buf_free(&text);
    return result != 0 ? result : failure_of(file);
}

int
rows_write_header(const struct rows_table *table, FILE *file, bool all)
{
    return write_row(table, file, NULL, all);
}

int
rows_write(const struct rows_table *table, FILE *file, const ProtobufCMessage *record, bool all)
{
    return write_row(table, file, record, all);
}
