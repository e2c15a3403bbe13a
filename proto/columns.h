// SPDX-License-Identifier: Apache-2.0
// The columns of each kind of record. rows.h reads and writes files through these tables; a command line can
// build a record from single values. Constant data and pure functions; any thread.
#ifndef PROTO_COLUMNS_H
#define PROTO_COLUMNS_H

#include "proto/column.h"
#include "proto/rows.h"
#include <stdint.h>

#define COLUMNS_MAX 64u // columns of a table: a set of them fits 64 bits

struct rows_table {
    const char *name;   // "partners"
    const char *record; // "partner": what one is called
    const ProtobufCMessageDescriptor *descriptor;
    const ProtobufCMessageDescriptor *upsert, *create;         // messages with the record as their only field
    Kansen__V1__Write__OperationCase upsert_case, create_case; // create is NULL and 0 where there is none
    size_t count;
    const struct column *columns; // the first one names the record
};

// The column of that name, or NULL. name need not end in NUL.
const struct column *columns_named(const struct rows_table *table, const char *name, size_t len);

// The column that a field path of the protocol is about ("offer.interests[2]", "partner.position.lat_e6"), or
// NULL.
const struct column *columns_at_path(const struct rows_table *table, const char *path);

// Whether column index must be given and is not: it is required, or the other half of a point is given. given
// holds bit 1 << i for each column i that has a value. 0, or COLUMN_E_BAD with message set.
int columns_missing(const struct rows_table *table, size_t index, uint64_t given,
                    struct column_message *message) MUST_CHECK;

// Writes the names of all columns, joined by ',', to out; returns out.
char *columns_list(const struct rows_table *table, char *out, size_t size);

// An empty record of the table, and a write that upserts one (or creates it, where the table can). NULL when
// memory is short. source is kept by reference.
ProtobufCMessage *columns_record(const struct rows_table *table, struct arena *arena) MUST_CHECK;
Kansen__V1__Write *columns_write(const struct rows_table *table, ProtobufCMessage *record, bool create,
                                 const char *source, struct arena *arena) MUST_CHECK;

#endif
