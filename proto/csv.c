// SPDX-License-Identifier: Apache-2.0
// A state machine over the bytes of one row.
//
//     ROW_START --byte--> FIELD_START --quote--> QUOTED <--quote--> QUOTE_SEEN
//         ^                    |  ^ separator       |  broken           |
//         |                    v  |                 v                   |
//         +----line end------ PLAIN               SKIP                  |
//         +----line end-----------------------------+-------------------+
//
// Invariants: raw begins with the row that is read, so that a broken quoted field can be read again from the
// end of its first line; text holds the row's finished fields, each with a NUL, and then the field that is
// read.
#include "proto/csv.h"
#include "base/buf.h"
#include "proto/utf8.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum state {
    ROW_START,   // no byte of the row is read
    FIELD_START, // no byte of the field is read
    PLAIN,       // in an unquoted field
    QUOTED,      // in a quoted field
    QUOTE_SEEN,  // behind a quote in a quoted field: its end, or the first of two
    SKIP,        // in what is left of a broken row
};

struct csv {
    enum state state;
    bool begun;        // the byte order mark is dealt with
    bool ended;        // no bytes follow
    bool after_cr;     // the byte before was a CR: a LF belongs to it
    char separator;    // 0 = not told yet
    struct buf raw;    // bytes from the start of the row
    size_t at;         // offset in raw of the next byte
    size_t line;       // line of that byte
    size_t row_line;   // line on which the row starts
    struct buf text;   // decoded fields
    size_t field;      // offset in text of the field that is read
    size_t field_line; // line on which it starts
    size_t count;      // finished fields
    size_t resync;     // offset in raw behind the first line end in the quoted field; 0 = none
    size_t resync_line;
    size_t flaw_column; // first field with a flaw that does not break the row; 0 = none
    const char *flaw;   // what is wrong with it
    size_t offsets[CSV_FIELDS_MAX];
    struct csv_field fields[CSV_FIELDS_MAX];
    char message[160];
};

struct csv *
csv_new(void)
{
    struct csv *csv = calloc(1, sizeof *csv);

    if (csv != NULL)
        csv->line = 1;
    return csv;
}

void
csv_free(struct csv *csv)
{
    if (csv == NULL)
        return;
    buf_free(&csv->raw);
    buf_free(&csv->text);
    free(csv);
}

char
csv_separator(const struct csv *csv)
{
    return csv->separator != 0 ? csv->separator : ',';
}

int
csv_feed(struct csv *csv, const char *data, size_t len)
{
    return buf_append(&csv->raw, data, len);
}

void
csv_end(struct csv *csv)
{
    csv->ended = true;
}

// Drops what is read and begins a row.
static void
start_row(struct csv *csv)
{
    buf_consume(&csv->raw, csv->at);
    buf_truncate(&csv->text, 0);
    csv->at = csv->field = csv->count = csv->resync = csv->flaw_column = 0;
    csv->row_line = csv->field_line = csv->line;
    csv->flaw = NULL;
    csv->state = ROW_START;
}

static void
note_flaw(struct csv *csv, const char *flaw)
{
    if (csv->flaw == NULL) {
        csv->flaw = flaw;
        csv->flaw_column = csv->count + 1;
    }
}

// Gives the row up and tells where to go on.
static int
broken(struct csv *csv, struct csv_error *error, const char *message)
{
    const uint8_t *raw = buf_bytes(&csv->raw);

    *error = (struct csv_error){.line = csv->row_line, .column = csv->count + 1, .message = message};
    csv->state = csv->at > 0 && (raw[csv->at - 1] == '\n' || raw[csv->at - 1] == '\r') ? ROW_START : SKIP;
    if (csv->resync == 0)
        return CSV_ERROR;
    if (raw[csv->resync - 1] == '\r' && csv->resync < buf_len(&csv->raw) && raw[csv->resync] == '\n')
        csv->resync++;
    csv->at = csv->resync;
    csv->line = csv->resync_line;
    csv->after_cr = false;
    start_row(csv);
    return CSV_ERROR;
}

static int
broken_quote(struct csv *csv, struct csv_error *error, const char *what)
{
    snprintf(csv->message, sizeof csv->message, "%s (the field's opening quote is on line %zu)", what,
             csv->field_line);
    return broken(csv, error, csv->message);
}

// Adds bytes to the field. CSV_MORE, CSV_ERROR or -ENOMEM.
static int
add(struct csv *csv, struct csv_error *error, const void *bytes, size_t len)
{
    size_t before = buf_len(&csv->text);

    if (before - csv->field + len > CSV_FIELD_MAX)
        return broken(csv, error, "the field is longer than 2 MiB, or its closing quote is missing");
    if (before + len > CSV_ROW_MAX)
        return broken(csv, error, "the row is longer than 8 MiB, or a closing quote is missing");
    return buf_append(&csv->text, bytes, len);
}

static int
finish_field(struct csv *csv, struct csv_error *error)
{
    size_t len = buf_len(&csv->text) - csv->field;

    if (csv->count == CSV_FIELDS_MAX)
        return broken(csv, error, "the row has more than 1024 fields");
    if (buf_append(&csv->text, "", 1) != 0)
        return -ENOMEM;
    if (!utf8_valid((const char *)buf_bytes(&csv->text) + csv->field, len))
        note_flaw(csv, "the field is not UTF-8: save the file as UTF-8");
    csv->offsets[csv->count] = csv->field;
    csv->fields[csv->count++].len = len;
    csv->field = buf_len(&csv->text);
    csv->resync = 0;
    csv->state = FIELD_START;
    return CSV_MORE;
}

// Ends the row behind its last byte. CSV_ROW, CSV_ERROR, or CSV_MORE for a row without a byte.
static int
finish_row(struct csv *csv, struct csv_row *row, struct csv_error *error)
{
    int result = finish_field(csv, error);

    if (result != CSV_MORE)
        return result;
    csv->state = ROW_START;
    if (csv->separator == 0)
        csv->separator = ',';
    if (csv->flaw != NULL) {
        *error = (struct csv_error){csv->row_line, csv->flaw_column, csv->flaw};
        return CSV_ERROR;
    }
    for (size_t i = 0; i < csv->count; i++)
        csv->fields[i].text = (char *)csv->text.data + csv->text.start + csv->offsets[i];
    *row = (struct csv_row){csv->row_line, csv->count, csv->fields};
    return CSV_ROW;
}

static bool
is_separator(const struct csv *csv, char c)
{
    return csv->separator != 0 ? c == csv->separator : c == ',' || c == ';' || c == '\t';
}

// Reads a byte that has a meaning outside quotes; returns false if c has none.
static bool
outside_quotes(struct csv *csv, char c, struct csv_row *row, struct csv_error *error, int *result)
{
    if (c == '\n' || c == '\r') {
        csv->line++;
        csv->after_cr = c == '\r';
        *result = finish_row(csv, row, error);
        return true;
    }
    if (is_separator(csv, c)) {
        csv->separator = c;
        *result = finish_field(csv, error);
        csv->field_line = csv->line;
        return true;
    }
    return false;
}

static int
read_plain(struct csv *csv, struct csv_row *row, struct csv_error *error)
{
    const char *raw = (const char *)buf_bytes(&csv->raw);
    size_t start = csv->at, len = buf_len(&csv->raw), i = start;
    int result;

    while (i < len && raw[i] != '\n' && raw[i] != '\r' && raw[i] != '"' && raw[i] != '\0' &&
           !is_separator(csv, raw[i]))
        i++;
    csv->at = i;
    csv->state = PLAIN;
    result = add(csv, error, raw + start, i - start);
    if (result != CSV_MORE || i == len)
        return result;
    csv->at++;
    if (outside_quotes(csv, raw[i], row, error, &result))
        return result;
    if (raw[i] == '"')
        return broken(csv, error,
                      "a quote in a field without quotes: put the field in quotes, and double those in it");
    note_flaw(csv, "the field holds a NUL byte: save the file as UTF-8 text");
    return CSV_MORE;
}

static int
read_quoted(struct csv *csv, struct csv_error *error)
{
    const char *raw = (const char *)buf_bytes(&csv->raw);
    size_t start = csv->at, len = buf_len(&csv->raw), i = start;
    int result;

    while (i < len && raw[i] != '"' && raw[i] != '\n' && raw[i] != '\r' && raw[i] != '\0')
        i++;
    if (i < len && raw[i] != '"' && raw[i] != '\0') {
        // A line end belongs to the field as it is; CRLF counts as one.
        if (raw[i] == '\r' || i > start || !csv->after_cr)
            csv->line++;
        csv->after_cr = raw[i] == '\r';
        i++;
        if (csv->resync == 0) {
            csv->resync = i;
            csv->resync_line = csv->line;
        }
        csv->at = i;
        return add(csv, error, raw + start, i - start);
    }
    csv->at = i;
    if (i > start)
        csv->after_cr = false;
    result = add(csv, error, raw + start, i - start);
    if (result != CSV_MORE || i == len)
        return result;
    csv->at++;
    csv->after_cr = false;
    if (raw[i] == '"')
        csv->state = QUOTE_SEEN;
    else
        note_flaw(csv, "the field holds a NUL byte: save the file as UTF-8 text");
    return CSV_MORE;
}

static int
read_quote(struct csv *csv, struct csv_row *row, struct csv_error *error)
{
    char c = (char)buf_bytes(&csv->raw)[csv->at];
    int result;

    if (c == '"') {
        csv->at++;
        csv->state = QUOTED;
        return add(csv, error, "\"", 1);
    }
    csv->at++;
    if (outside_quotes(csv, c, row, error, &result))
        return result;
    csv->at--;
    return broken_quote(csv, error, "text behind the closing quote of a field");
}

static int
read_start(struct csv *csv, struct csv_row *row, struct csv_error *error)
{
    char c = (char)buf_bytes(&csv->raw)[csv->at];

    if (csv->state == ROW_START && (c == '\n' || c == '\r')) {
        csv->at++;
        csv->line += c == '\r' || !csv->after_cr;
        csv->after_cr = c == '\r';
        return CSV_MORE;
    }
    csv->after_cr = false;
    if (c != '"')
        return read_plain(csv, row, error);
    csv->at++;
    csv->state = QUOTED;
    return CSV_MORE;
}

static int
skip(struct csv *csv)
{
    const char *raw = (const char *)buf_bytes(&csv->raw);
    size_t len = buf_len(&csv->raw), i = csv->at;

    while (i < len && raw[i] != '\n' && raw[i] != '\r')
        i++;
    if (i < len) {
        csv->line++;
        csv->after_cr = raw[i++] == '\r';
        csv->state = ROW_START;
    }
    csv->at = i;
    return CSV_MORE;
}

// What is left when all bytes are read and none follow.
static int
at_end(struct csv *csv, struct csv_row *row, struct csv_error *error)
{
    switch (csv->state) {
    case ROW_START:
        return CSV_END;
    case SKIP:
        csv->state = ROW_START;
        return CSV_END;
    case QUOTED:
        return broken_quote(csv, error, "the file ends inside a quoted field");
    case FIELD_START:
    case PLAIN:
    case QUOTE_SEEN:
        break;
    }
    return finish_row(csv, row, error);
}

// Whether data[0..len) starts with text: 1 yes, 0 no, -1 too few bytes are there to tell.
static int
starts_with(const char *data, size_t len, const char *text)
{
    size_t n = strlen(text);

    if (strncasecmp(data, text, n < len ? n : len) != 0)
        return 0;
    return len >= n ? 1 : -1;
}

// The separator that a line "sep=C" of data[0..len) names: C, 0 if there is no such line, -1 if too few bytes
// are there to tell.
static int
named_separator(const struct csv *csv, const char *data, size_t len)
{
    int named = starts_with(data, len, "sep=");

    if (named != 1)
        return named;
    if (len > 4 && !is_separator(csv, data[4]))
        return 0;
    if (len < 6)
        return -1;
    return data[5] == '\r' || data[5] == '\n' ? data[4] : 0;
}

// Passes over a byte order mark and over a line that names the separator; false while too few bytes are there
// to tell.
static bool
begin(struct csv *csv)
{
    size_t len = buf_len(&csv->raw), start = 0;
    const char *raw = len > 0 ? (const char *)buf_bytes(&csv->raw) : "";
    int mark = starts_with(raw, len, "\xef\xbb\xbf"), separator;

    start = mark == 1 ? 3 : 0;
    separator = mark == -1 ? -1 : named_separator(csv, raw + start, len - start);
    if (separator == -1 && !csv->ended)
        return false;
    if (separator > 0) {
        csv->separator = (char)separator;
        csv->after_cr = raw[start + 5] == '\r';
        csv->line++;
        start += 6;
    }
    buf_consume(&csv->raw, start);
    csv->begun = true;
    return true;
}

int
csv_next(struct csv *csv, struct csv_row *row, struct csv_error *error)
{
    int result = CSV_MORE;

    if (!csv->begun && !begin(csv))
        return CSV_MORE;
    while (result == CSV_MORE) {
        if (csv->state == ROW_START || csv->state == SKIP) {
            enum state state = csv->state;

            start_row(csv);
            csv->state = state;
        }
        if (csv->at == buf_len(&csv->raw))
            return csv->ended ? at_end(csv, row, error) : CSV_MORE;
        switch (csv->state) {
        case ROW_START:
        case FIELD_START:
            result = read_start(csv, row, error);
            break;
        case PLAIN:
            result = read_plain(csv, row, error);
            break;
        case QUOTED:
            result = read_quoted(csv, error);
            break;
        case QUOTE_SEEN:
            result = read_quote(csv, row, error);
            break;
        case SKIP:
            result = skip(csv);
            break;
        }
    }
    return result;
}
