// SPDX-License-Identifier: Apache-2.0
// Records (partners, offers, regions, interests...) as JSON and as tables for people, through the columns of
// their files. One thread.
#ifndef CLIENT_CLI_RECORD_H
#define CLIENT_CLI_RECORD_H

#include "base/attr.h"
#include "proto/columns.h"
#include <jansson.h>

// A JSON object with a key per column, and for partners and offers also id (as "partner" or "offer"), source,
// version, created_us, updated_us. Absent numbers and positions have no key; an offer's "partner" is the
// partner's id. NULL when memory is short.
json_t *record_json(const struct rows_table *table, const ProtobufCMessage *record) MUST_CHECK;

// Prints what is not empty as keys and values. 0, or -1 when memory was short.
int record_print(const struct rows_table *table, const ProtobufCMessage *record) MUST_CHECK;

// Prints a page of records as a table, with a heading if it is the first. 0, or -1 when memory was short.
int record_print_page(const struct rows_table *table, ProtobufCMessage *const *records, size_t count,
                      bool first) MUST_CHECK;

#endif
