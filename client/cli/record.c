// SPDX-License-Identifier: Apache-2.0
// A column's type says what its value is in JSON; its text is that of the files.
#include "client/cli/record.h"
#include "client/cli/json.h"
#include "client/cli/message.h"
#include "client/cli/table.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const void *
member(const struct column *column, const ProtobufCMessage *record)
{
    return (const char *)record + column->offset;
}

static size_t
count_of(const struct column *column, const ProtobufCMessage *record)
{
    size_t count;

    memcpy(&count, (const char *)record + column->extra, sizeof count);
    return count;
}

static json_t *
identifiers_json(Kansen__V1__Identifier *const *items, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++)
        json_put_text(object, items[i]->scheme, items[i]->value);
    return object;
}

static json_t *
accreditations_json(Kansen__V1__Accreditation *const *items, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *item = json_object();

        json_put_number(item, "crebo", items[i]->crebo);
        json_put_text(item, "first_day", items[i]->first_day);
        json_put_text(item, "last_day", items[i]->last_day);
        json_array_append_new(list, item);
    }
    return list;
}

// Sets the key of a list.
static void
put_list(json_t *object, const char *key, const struct column *column, const ProtobufCMessage *record)
{
    size_t count = count_of(column, record);
    void *items;

    memcpy(&items, member(column, record), sizeof items);
    if (column->type == COLUMN_TEXTS)
        json_put_texts(object, key, items, count);
    else if (column->type == COLUMN_WORDS)
        json_put_words(object, key, column->names, items, count);
    else if (column->type == COLUMN_IDENTIFIERS)
        json_object_set_new(object, key, identifiers_json(items, count));
    else
        json_object_set_new(object, key, accreditations_json(items, count));
}

static void
put_single(json_t *object, const char *key, const struct column *column, const ProtobufCMessage *record)
{
    const void *pointer;
    int number;

    if (!column_given(column, record))
        return;
    if (column->type == COLUMN_TEXT || column->type == COLUMN_LAT) {
        memcpy(&pointer, member(column, record), sizeof pointer);
        if (column->type == COLUMN_TEXT)
            json_put_text(object, key, pointer);
        else
            json_put_point(object, pointer);
        return;
    }
    memcpy(&number, member(column, record), sizeof number);
    if (column->type == COLUMN_WORD)
        json_put_word(object, key, column->names, number);
    else if (column->type == COLUMN_NUMBER)
        json_put_number(object, key, (uint32_t)number);
    else if (column->type == COLUMN_FLAG)
        json_put_flag(object, key, number);
}

json_t *
record_json(const struct rows_table *table, const ProtobufCMessage *record)
{
    bool versioned = message_has(record, "version");
    json_t *object = json_object();

    if (versioned)
        json_put_number(object, table->record, message_u64(record, "id"));
    for (size_t i = 0; i < table->count; i++) {
        const struct column *column = &table->columns[i];
        // An offer's column "partner" holds an external id; the key of that name is for the id.
        const char *key = column->type == COLUMN_TEXT && column->path != NULL ? column->path : column->name;

        if (column->type >= COLUMN_TEXTS)
            put_list(object, key, column, record);
        else
            put_single(object, key, column, record);
        if (i == 0 && versioned)
            json_put_text(object, "source", message_text(record, "source"));
    }
    if (message_has(record, "partner_id"))
        json_put_number(object, "partner", message_u64(record, "partner_id"));
    if (versioned) {
        json_put_number(object, "version", message_u64(record, "version"));
        json_put_number(object, "created_us", message_u64(record, "created_us"));
        json_put_number(object, "updated_us", message_u64(record, "updated_us"));
    }
    return object;
}

// Sets text to the column's text, with a NUL behind it. 0 or -1.
static int
print(const struct column *column, const ProtobufCMessage *record, struct buf *text)
{
    buf_truncate(text, 0);
    return column_print(column, record, text) == 0 && buf_append(text, "", 1) == 0 ? 0 : -1;
}

static int
add_columns(struct table *out, const struct rows_table *table, const ProtobufCMessage *record)
{
    struct buf text = {0};
    int result = 0;

    for (size_t i = 0; i < table->count && result == 0; i++) {
        result = print(&table->columns[i], record, &text);
        if (result != 0 || buf_len(&text) == 1)
            continue;
        table_row(out);
        table_cell(out, 0, table->columns[i].name);
        table_cell(out, 1, (const char *)buf_bytes(&text));
    }
    buf_free(&text);
    return result;
}

int
record_print(const struct rows_table *table, const ProtobufCMessage *record)
{
    static const struct table_column heads[] = {{"", 0, 0}, {"", 0, 0}};
    struct table *out = table_new(heads, 2, false);
    int result = -1;

    if (out == NULL)
        return -1;
    if (message_has(record, "version")) {
        table_row(out);
        table_cell(out, 0, table->record);
        table_cellf(out, 1, "%" PRIu64 " (version %" PRIu64 ", source %s)", message_u64(record, "id"),
                    message_u64(record, "version"), message_text(record, "source"));
    }
    if (add_columns(out, table, record) == 0)
        result = table_print(out);
    table_free(out);
    return result;
}

// Columns that a list shows for people; the rest is in `show` and in JSON.
static const struct {
    const char *name;
    struct table_column head;
} listed[] = {
    {"external_id", {"EXTERNAL ID", 0, 0}},
    {"kind", {"KIND", 0, 0}},
    {"name", {"NAME", TABLE_TRUNC, 0.2}},
    {"title", {"TITLE", TABLE_TRUNC, 0.25}},
    {"partner", {"PARTNER", 0, 0}},
    {"region", {"REGION", 0, 0}},
    {"seats", {"SEATS", TABLE_RIGHT, 0}},
    {"start", {"START", 0, 0}},
    {"end", {"END", 0, 0}},
    {"status", {"STATUS", 0, 0}},
};

#define LISTED (sizeof listed / sizeof listed[0])

int
record_print_page(const struct rows_table *table, ProtobufCMessage *const *records, size_t count, bool first)
{
    const struct column *columns[LISTED + 1] = {NULL};
    struct table_column heads[LISTED + 1] = {{"ID", TABLE_RIGHT, 0}};
    struct buf text = {0};
    struct table *out;
    size_t width = 1;
    int result = 0;

    for (size_t i = 0; i < LISTED; i++) {
        columns[width] = columns_named(table, listed[i].name, strlen(listed[i].name));
        if (columns[width] != NULL)
            heads[width++] = listed[i].head;
    }
    out = table_new(heads, width, first);
    if (out == NULL)
        return -1;
    for (size_t i = 0; i < count && result == 0; i++) {
        table_row(out);
        table_cellf(out, 0, "%" PRIu64, message_u64(records[i], "id"));
        for (size_t k = 1; k < width && result == 0; k++) {
            result = print(columns[k], records[i], &text);
            if (result == 0)
                table_cell(out, k, (const char *)buf_bytes(&text));
        }
    }
    if (result == 0)
        result = table_print(out);
    buf_free(&text);
    table_free(out);
    return result;
}
