// SPDX-License-Identifier: Apache-2.0
// The reader behind rows_read, without I/O: bytes in, calls of the sink out. One owner at a time.
#ifndef PROTO_ROWS_READER_H
#define PROTO_ROWS_READER_H

#include "base/attr.h"
#include "proto/columns.h"
#include "proto/rows.h"

struct rows_reader;

// A reader, or NULL when memory is short. table, source and sink (copied) are as in rows_read; source must
// outlive the reader. rows_reader_free(NULL) is safe.
struct rows_reader *rows_reader_new(const struct rows_table *table, const char *source,
                                    const struct rows_sink *sink) MUST_CHECK;
void rows_reader_free(struct rows_reader *reader);

// Reads data[0..len), or the end of the file. Results as rows_read; after one other than 0 the reader is
// dead.
int rows_reader_feed(struct rows_reader *reader, const char *data, size_t len) MUST_CHECK;
int rows_reader_end(struct rows_reader *reader) MUST_CHECK;

// Place of a column in the rows of this file, from 1; 0 if it is not there.
size_t rows_reader_place(const struct rows_reader *reader, const struct column *column);

#endif
