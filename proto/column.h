// SPDX-License-Identifier: Apache-2.0
// One column of a CSV file and the member of a message that it stands for: text to member and back, by type
// of column. Pure functions over constant data; any thread.
#ifndef PROTO_COLUMN_H
#define PROTO_COLUMN_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "proto/names.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>

enum column_type {
    COLUMN_TEXT,           // a string
    COLUMN_WORD,           // an enum
    COLUMN_NUMBER,         // a uint32
    COLUMN_FLAG,           // a bool
    COLUMN_LAT,            // the latitude of a point
    COLUMN_LON,            // the longitude of the same point
    COLUMN_TEXTS,          // strings, joined by ';'
    COLUMN_WORDS,          // enums, joined by ';'
    COLUMN_IDENTIFIERS,    // scheme=value, joined by ';'
    COLUMN_ACCREDITATIONS, // crebo:first_day:last_day, joined by ';'
};

struct column {
    const char *name;
    enum column_type type;
    bool required;   // the header must have it and no row may leave it empty
    bool always;     // a number that is written even if it is 0
    bool on_request; // newer than the files that others read: written only when asked for, as the last
    int given;       // case of the oneof that tells its presence; 0 = the member has none
    size_t offset;   // of the member in its message
    size_t extra;    // offset of the count of a list, or of the case of a oneof
    const struct names *names; // of words
    const char *allowed;       // numbers and flags: what is allowed, for messages
    const char *path;          // name of the field in the protocol, where it is another
    const char *help;          // what it is, with format, unit, range and an example; words are told by names
};

#define COLUMN_E_BAD 1 // the text can not be this column's

// What is wrong, for a person: UTF-8 without control characters.
struct column_message {
    char text[600];
};

// Sets the column's member of record to text[0..len), which ends in NUL, is UTF-8 and is written in. Empty
// text leaves the default. With comma, numbers may have a decimal comma. Memory comes from arena; strings may
// point into text. 0, COLUMN_E_BAD (then message is set) or -ENOMEM.
int column_parse(const struct column *column, ProtobufCMessage *record, char *text, size_t len, bool comma,
                 struct arena *arena, struct column_message *message) MUST_CHECK;

// Adds the column's member in canonical form to out; nothing for a default. 0 or -ENOMEM.
int column_print(const struct column *column, const ProtobufCMessage *record, struct buf *out) MUST_CHECK;

// Whether the record has the member: for those with a oneof, a point or a list, whether it is there; else
// true.
bool column_given(const struct column *column, const ProtobufCMessage *record);

// Sets message to: given "TEXT", allowed: ALLOWED, with the text shortened and without control characters.
// Returns COLUMN_E_BAD.
int column_bad(struct column_message *message, const char *given, size_t len, const char *allowed);

#endif
