// SPDX-License-Identifier: Apache-2.0
// The reader of CSV files: the same rows and errors however the bytes are cut, and what a good row says
// survives being written and read again. The first byte names the table, the second how the bytes are cut.
#include "proto/rows.h"
#include "proto/rows_reader.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define AGAIN_MAX 8u // rows that are written and read again

struct seen {
    const struct rows_table *table;
    XXH64_hash_t digest; // of all that was told
    unsigned good;
    bool again; // write and read again
};

struct row {
    uint8_t *bytes; // the packed write; NULL = none was read
    size_t len;
};

static void
add(struct seen *seen, const void *bytes, size_t len)
{
    seen->digest = XXH3_64bits_withSeed(bytes, len, seen->digest);
}

static struct row
pack(const Kansen__V1__Write *write)
{
    struct row row = {.len = kansen__v1__write__get_packed_size(write)};

    row.bytes = malloc(row.len + 1);
    assert(row.bytes != NULL);
    kansen__v1__write__pack(write, row.bytes);
    return row;
}

static int
keep_row(void *arg, size_t line, const Kansen__V1__Write *write)
{
    struct row *row = arg;

    (void)line;
    assert(row->bytes == NULL);
    *row = pack(write);
    return 0;
}

static int
refuse_error(void *arg, const struct rows_error *error)
{
    (void)arg;
    (void)error;
    assert(!"what was written can be read");
    return 1;
}

// The record of an upsert: the only field of the message that the write holds.
static const ProtobufCMessage *
record_of(const Kansen__V1__Write *write)
{
    const ProtobufCMessage *upsert = (const ProtobufCMessage *)write->upsert_partner;
    const void *record;

    memcpy(&record, (const uint8_t *)upsert + upsert->descriptor->fields[0].offset, sizeof record);
    return record;
}

static void
write_and_read(const struct rows_table *table, const Kansen__V1__Write *write)
{
    struct row first = pack(write), second = {0};
    struct rows_sink sink = {keep_row, refuse_error, &second};
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    assert(file != NULL);
    assert(rows_write_header(table, file, true) == 0 && rows_write(table, file, record_of(write), true) == 0);
    assert(fseek(file, 0, SEEK_END) == 0 && fclose(file) == 0);
    file = fmemopen(text, len, "r");
    assert(file != NULL && rows_read(table, file, write->source, &sink) == 0);
    assert(second.bytes != NULL && second.len == first.len &&
           memcmp(first.bytes, second.bytes, first.len) == 0);
    fclose(file);
    free(text);
    free(first.bytes);
    free(second.bytes);
}

static int
on_write(void *arg, size_t line, const Kansen__V1__Write *write)
{
    struct seen *seen = arg;
    struct row row = pack(write);

    add(seen, &line, sizeof line);
    add(seen, row.bytes, row.len);
    free(row.bytes);
    if (seen->again && seen->good++ < AGAIN_MAX)
        write_and_read(seen->table, write);
    return 0;
}

static int
on_error(void *arg, const struct rows_error *error)
{
    struct seen *seen = arg;

    assert(error->line > 0 && error->message[0] != '\0');
    add(seen, &error->line, sizeof error->line);
    add(seen, &error->column, sizeof error->column);
    add(seen, error->field, strlen(error->field));
    add(seen, error->message, strlen(error->message));
    return 0;
}

static struct seen
read_all(const struct rows_table *table, const uint8_t *data, size_t size, size_t piece, bool again)
{
    struct seen seen = {.table = table, .again = again};
    struct rows_sink sink = {on_write, on_error, &seen};
    struct rows_reader *reader = rows_reader_new(table, "", &sink);
    int rc = 0;

    assert(reader != NULL);
    for (size_t at = 0; at < size && rc == 0; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        char *copy = malloc(len); // ends where the bytes end

        assert(copy != NULL);
        memcpy(copy, data + at, len);
        rc = rows_reader_feed(reader, copy, len);
        free(copy);
    }
    if (rc == 0)
        rc = rows_reader_end(reader);
    assert(rc == 0 || rc == ROWS_E_HEADER);
    add(&seen, &rc, sizeof rc);
    rows_reader_free(reader);
    return seen;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rows_table *const tables[] = {&rows_partners, &rows_offers, &rows_regions,
                                                      &rows_interests, &rows_postcodes};
    const struct rows_table *table = tables[fuzz_byte(&data, &size) % (sizeof tables / sizeof tables[0])];
    size_t piece = 1 + fuzz_byte(&data, &size) % 64;
    struct seen whole = read_all(table, data, size, size + 1, true);
    struct seen cut = read_all(table, data, size, piece, false);

    assert(whole.digest == cut.digest);
    return 0;
}
