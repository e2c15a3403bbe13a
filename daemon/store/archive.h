// SPDX-License-Identifier: Apache-2.0
// A store, or a part of its journal, as a stream of frames (proto/kansen/v1/stream.proto): writing one from a
// snapshot, and reading one with all that can be wrong with it. One owner at a time.
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include <kansen/v1/command.pb-c.h>
#include <kansen/v1/stream.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

#define ARCHIVE_VERSION   1u
#define ARCHIVE_FRAME_MAX (64u << 20) // bytes: no entry is as large

// ---- Writing

struct archive_writer;

struct archive_order {
    Kansen__V1__StreamKind kind;
    uint64_t from, to; // of a journal: its entries from..to; to 0 = to the end
    const char *server_version;
};

// Begins a snapshot and a stream of it. 0; FAULT when the journal does not have what is asked; or a store
// fault. archive_writer_free ends the snapshot; NULL is safe.
int archive_writer_new(struct store *store, const struct archive_order *order, struct archive_writer **out,
                       struct fault *fault) MUST_CHECK;
void archive_writer_free(struct archive_writer *writer);

// Adds whole frames to out, until that has grown by about `most` bytes or the stream is at its end, which is
// then set in *end. 0 or a store fault.
int archive_write(struct archive_writer *writer, size_t most, struct buf *out, bool *end) MUST_CHECK;

// ---- Reading

struct archive_reader;

struct archive_reader *archive_reader_new(void) MUST_CHECK; // NULL when memory is short
void archive_reader_free(struct archive_reader *reader);    // NULL is safe

// Takes the next frame, bytes[0..len) without its length. *out is in arena; an entry's table is named in it.
// 0; FAULT when the stream is none, is not one that this version reads, or was altered; or
// STORE_FAULT_MEMORY.
int archive_read(struct archive_reader *reader, const uint8_t *bytes, size_t len, struct arena *arena,
                 Kansen__V1__StreamFrame **out, struct fault *fault) MUST_CHECK;

// Says that something else was given than a stream. FAULT.
int archive_no_stream(struct fault *fault) MUST_CHECK;

// The header and, once archive_ended, the trailer; good as long as the reader.
const Kansen__V1__StreamHeader *archive_header(const struct archive_reader *reader);
bool archive_ended(const struct archive_reader *reader);

// What an entry of the table journal says; in arena. 0; FAULT (its checksum does not hold); or
// STORE_FAULT_MEMORY.
int archive_journal_entry(const Kansen__V1__StreamEntry *entry, struct arena *arena,
                          Kansen__V1__JournalEntry **out, struct fault *fault) MUST_CHECK;

// Goes through a whole file of frames. For each, take is called with the frame, and what it says other than 0
// ends that. 0; FAULT, also when the file ends before its trailer or goes on behind it; a store fault; or
// what take said.
typedef int archive_take(void *arg, const Kansen__V1__StreamFrame *frame, struct fault *fault);
int archive_read_file(const char *path, archive_take *take, void *arg, struct fault *fault) MUST_CHECK;

#endif
