// SPDX-License-Identifier: Apache-2.0
// CSV rows and the messages that they stand for: one table of columns per kind of record, read and written
// through it. The format is RFC 4180 in UTF-8 with a header row; what spreadsheets write is accepted (BOM,
// CRLF, ';' or tab as separator told from the header row, and then also a decimal comma). Used by the daemon
// (seeds) and the client.
#ifndef PROTO_ROWS_H
#define PROTO_ROWS_H

#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct rows_table; // the columns of one kind of record

extern const struct rows_table rows_partners, rows_offers, rows_regions, rows_interests, rows_postcodes;

// The table called "partners", "offers", "regions", "interests" or "postcodes"; NULL for another name.
const struct rows_table *rows_table_named(const char *name);

struct rows_error {
    size_t line;         // line in the file, from 1, on which the row starts
    size_t column;       // place of the field in its row, from 1; 0 = the row as a whole
    const char *field;   // name of the column, or ""
    const char *message; // for a person: what is wrong, what was given, what is allowed
};

// What a reader calls, row by row, in the order of the file. Pointers hold during the call only. A return
// other than 0 stops the reading and is returned by rows_read.
struct rows_sink {
    int (*on_write)(void *arg, size_t line, const Kansen__V1__Write *write); // an upsert of a good row
    int (*on_error)(void *arg, const struct rows_error *error); // a bad row; no write is made of it
    void *arg;
};

// Reads file to its end. source goes into each write ("" = the daemon's default). Returns 0 at the end, what
// a callback returned, ROWS_E_HEADER when the header row is unusable (told to on_error; nothing else is
// read), or -errno.
#define ROWS_E_HEADER 1
int rows_read(const struct rows_table *table, FILE *file, const char *source, const struct rows_sink *sink);

// Writes the header row or one record in canonical form (',' and LF, quotes only where needed, defaults
// empty) to file. record is the message that belongs to the table (Kansen__V1__Partner for rows_partners
// ...). With all, the columns that are written on request (collect_until of offers) stand behind the others.
// Returns 0 or -errno.
int rows_write_header(const struct rows_table *table, FILE *file, bool all);
int rows_write(const struct rows_table *table, FILE *file, const ProtobufCMessage *record, bool all);

#endif
