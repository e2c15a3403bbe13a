// SPDX-License-Identifier: Apache-2.0
// An incremental reader of CSV: bytes in, rows out, no I/O. The format is RFC 4180 in UTF-8. Accepted beside
// it: a byte order mark; LF, CRLF or a lone CR as line end; ',' ';' or tab as separator, told from the first
// row (the first of them outside quotes) or by a line "sep=;" before it, as spreadsheets write it. Lines
// without a byte are skipped. One owner at a time.
//
// An error costs one row. Reading goes on at the next line end; where a quoted field runs over several lines
// and is then found to be broken (most often: its closing quote is missing), it goes on at the end of the
// line on which that field began, so that the rows that the field swallowed are read after all.
#ifndef PROTO_CSV_H
#define PROTO_CSV_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

#define CSV_FIELD_MAX  (2u << 20) // bytes of a field
#define CSV_ROW_MAX    (8u << 20) // bytes of a row
#define CSV_FIELDS_MAX 1024u      // fields of a row

struct csv;

struct csv_field {
    char *text; // ends in NUL and holds no other; the caller may write in it
    size_t len;
};

struct csv_row {
    size_t line;              // line in the file, from 1, on which the row starts
    size_t count;             // fields, at least 1
    struct csv_field *fields; // memory of the reader, until its next call
};

struct csv_error {
    size_t line;         // as in a row
    size_t column;       // place of the field in its row, from 1; 0 = the row as a whole
    const char *message; // for a person; memory of the reader, until its next call
};

enum csv_result {
    CSV_MORE = 0, // all bytes are read: feed more, or tell the end
    CSV_ROW,      // a row is there
    CSV_ERROR,    // a row was broken; rows may follow
    CSV_END,      // the end was told and reached
};

// A reader, or NULL when memory is short. csv_free(NULL) is safe.
struct csv *csv_new(void) MUST_CHECK;
void csv_free(struct csv *csv);

// Adds bytes (copied); csv_end tells that none follow. csv_feed returns 0 or -ENOMEM.
int csv_feed(struct csv *csv, const char *data, size_t len) MUST_CHECK;
void csv_end(struct csv *csv);

// Reads on. With CSV_ROW row is set, with CSV_ERROR error. A csv_result or -ENOMEM.
int csv_next(struct csv *csv, struct csv_row *row, struct csv_error *error) MUST_CHECK;

// The separator: ',' ';' or tab; ',' until it is known.
char csv_separator(const struct csv *csv);

#endif
