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

int
rows_write_header(const struct rows_table *table, FILE *file)
{
    char names[500];

    errno = 0;
    fprintf(file, "%s\n", columns_list(table, names, sizeof names));
    return failure_of(file);
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

int
rows_write(const struct rows_table *table, FILE *file, const ProtobufCMessage *record)
{
    struct buf text = {0};
    int result = 0;

    errno = 0;
    for (size_t i = 0; i < table->count && result == 0; i++) {
        buf_truncate(&text, 0);
        result = column_print(&table->columns[i], record, &text);
        if (i > 0)
            putc(',', file);
        if (buf_len(&text) > 0)
            write_field((const char *)buf_bytes(&text), buf_len(&text), file);
    }
    putc('\n', file);
    buf_free(&text);
    return result != 0 ? result : failure_of(file);
}
