// SPDX-License-Identifier: Apache-2.0
// Reading a stream. Invariant: the checksum covers all frames that were taken, with their lengths; a trailer
// is taken only when it fits.
#include "store/archive.h"
#include "proto/frame.h"
#include "store/internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define TABLE_NAME_MAX 32u
#define FILE_MEMORY    ((size_t)256 << 20) // bytes for one frame of a file

struct archive_reader {
    XXH3_state_t *sum;
    Kansen__V1__StreamFrame *header; // NULL before the first frame
    char table[TABLE_NAME_MAX];
    uint64_t entries;
    bool ended;
};

struct archive_reader *
archive_reader_new(void)
{
    struct archive_reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL)
        return NULL;
    reader->sum = XXH3_createState();
    if (reader->sum == NULL) {
        free(reader);
        return NULL;
    }
    XXH3_128bits_reset(reader->sum);
    return reader;
}

void
archive_reader_free(struct archive_reader *reader)
{
    if (reader == NULL)
        return;
    XXH3_freeState(reader->sum);
    if (reader->header != NULL)
        kansen__v1__stream_frame__free_unpacked(reader->header, NULL);
    free(reader);
}

const Kansen__V1__StreamHeader *
archive_header(const struct archive_reader *reader)
{
    return reader->header == NULL ? NULL : reader->header->header;
}

bool
archive_ended(const struct archive_reader *reader)
{
    return reader->ended;
}

static int
altered(struct fault *fault, const char *what)
{
    return fault_set(fault, CODE_DATA_LOSS, "", "the stream was cut or altered: %s", what);
}

int
archive_no_stream(struct fault *fault)
{
    return fault_set(fault, CODE_INVALID_ARGUMENT, "", "this is no stream of a store or a journal");
}

static int
take_header(struct archive_reader *reader, const uint8_t *bytes, size_t len, struct fault *fault)
{
    const Kansen__V1__StreamHeader *header;

    reader->header = kansen__v1__stream_frame__unpack(NULL, len, bytes);
    if (reader->header == NULL)
        return STORE_FAULT_MEMORY;
    header = reader->header->header;
    if (header->version != ARCHIVE_VERSION)
        return fault_set(fault, CODE_FAILED_PRECONDITION, "",
                         "the stream has version %" PRIu32 ", this kansend reads version %u", header->version,
                         ARCHIVE_VERSION);
    if (header->store_format < STORE_OLDEST || header->store_format > STORE_FORMAT)
        return fault_set(fault, CODE_FAILED_PRECONDITION, "",
                         "the stream is of a store of format %" PRIu32
                         ", this kansend reads formats %u to %u",
                         header->store_format, STORE_OLDEST, STORE_FORMAT);
    return 0;
}

static int
take_entry(struct archive_reader *reader, Kansen__V1__StreamEntry *entry, struct arena *arena,
           struct fault *fault)
{
    if (entry->table[0] != '\0')
        snprintf(reader->table, sizeof reader->table, "%s", entry->table);
    if (reader->table[0] == '\0')
        return altered(fault, "an entry is of no table");
    reader->entries++;
    entry->table = arena_strdup(arena, reader->table);
    return entry->table == NULL ? (int)STORE_FAULT_MEMORY : 0;
}

static int
take_trailer(struct archive_reader *reader, const Kansen__V1__StreamTrailer *trailer, struct fault *fault)
{
    XXH128_canonical_t sum;

    XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(reader->sum));
    if (trailer->entries != reader->entries)
        return altered(fault, "it has another number of entries than it says");
    if (trailer->checksum.len != sizeof sum.digest ||
        memcmp(trailer->checksum.data, sum.digest, sizeof sum.digest) != 0)
        return altered(fault, "its checksum does not hold");
    reader->ended = true;
    return 0;
}

int
archive_read(struct archive_reader *reader, const uint8_t *bytes, size_t len, struct arena *arena,
             Kansen__V1__StreamFrame **out, struct fault *fault)
{
    uint8_t head[FRAME_HEADER_MAX];
    size_t head_len = frame_encode_header(head, len);
    Kansen__V1__StreamFrame *frame;
    int rc;

    if (reader->ended)
        return altered(fault, "something stands behind its end");
    frame = kansen__v1__stream_frame__unpack(arena_allocator(arena), len, bytes);
    if (frame == NULL)
        return reader->header == NULL ? archive_no_stream(fault) : altered(fault, "a frame can not be read");
    if ((frame->body_case == KANSEN__V1__STREAM_FRAME__BODY_HEADER) != (reader->header == NULL))
        return reader->header == NULL ? archive_no_stream(fault) : altered(fault, "it has two headers");
    switch (frame->body_case) {
    case KANSEN__V1__STREAM_FRAME__BODY_HEADER:
        rc = take_header(reader, bytes, len, fault);
        break;
    case KANSEN__V1__STREAM_FRAME__BODY_ENTRY:
        rc = take_entry(reader, frame->entry, arena, fault);
        break;
    case KANSEN__V1__STREAM_FRAME__BODY_TRAILER:
        rc = take_trailer(reader, frame->trailer, fault);
        break;
    default:
        rc = altered(fault, "a frame is of no known kind");
    }
    if (rc != 0)
        return rc;
    XXH3_128bits_update(reader->sum, head, head_len);
    XXH3_128bits_update(reader->sum, bytes, len);
    *out = frame;
    return 0;
}

int
archive_journal_entry(const Kansen__V1__StreamEntry *entry, struct arena *arena,
                      Kansen__V1__JournalEntry **out, struct fault *fault)
{
    MDB_val key = {entry->key.len, entry->key.data}, value = {entry->value.len, entry->value.data};
    const uint8_t *bytes;
    size_t len;

    bytes = record_open(&key, &value, &len);
    if (bytes == NULL)
        return altered(fault, "the checksum of a journal entry does not hold");
    *out = kansen__v1__journal_entry__unpack(arena_allocator(arena), len, bytes);
    return *out == NULL ? (int)STORE_FAULT_MEMORY : 0;
}

// ---- Files

struct reading_file {
    FILE *file;
    const char *path;
    struct buf frame;
    struct arena *arena;
    struct archive_reader *reader;
    archive_take *take;
    void *arg;
    struct fault *fault;
};

// The length of the next frame: 0 with *end at the file's end, or FAULT.
static int
read_length(struct reading_file *reading, size_t *len, bool *end)
{
    uint64_t value = 0;
    unsigned shift = 0;
    int byte;

    *end = false;
    while ((byte = getc(reading->file)) != EOF) {
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
        if ((byte & 0x80) == 0) {
            *len = (size_t)value;
            return value <= ARCHIVE_FRAME_MAX ? 0 : altered(reading->fault, "a frame is too long");
        }
        if (shift > 28)
            return altered(reading->fault, "a frame has no proper length");
    }
    *end = true;
    return shift == 0 ? 0 : altered(reading->fault, "it ends within a frame");
}

static int
read_frame(struct reading_file *reading, size_t len)
{
    Kansen__V1__StreamFrame *frame;
    uint8_t *to;
    int rc;

    buf_truncate(&reading->frame, 0);
    to = buf_reserve(&reading->frame, len == 0 ? 1 : len);
    if (to == NULL)
        return STORE_FAULT_MEMORY;
    if (fread(to, 1, len, reading->file) != len)
        return altered(reading->fault, "it ends within a frame");
    rc = archive_read(reading->reader, to, len, reading->arena, &frame, reading->fault);
    if (rc == 0)
        rc = reading->take(reading->arg, frame, reading->fault);
    arena_reset(reading->arena);
    return rc;
}

static int
read_all(struct reading_file *reading)
{
    bool end = false;
    size_t len = 0;
    int rc = 0;

    while (rc == 0 && (rc = read_length(reading, &len, &end)) == 0 && !end)
        rc = read_frame(reading, len);
    if (rc == 0 && ferror(reading->file))
        rc = fault_set(reading->fault, CODE_UNAVAILABLE, "", "%s can not be read", reading->path);
    if (rc == 0 && !archive_ended(reading->reader))
        rc = altered(reading->fault, "it ends before its trailer");
    return rc;
}

int
archive_read_file(const char *path, archive_take *take, void *arg, struct fault *fault)
{
    struct reading_file reading = {.path = path, .take = take, .arg = arg, .fault = fault};
    int rc = 0;

    reading.file = fopen(path, "re");
    if (reading.file == NULL)
        return fault_set(fault, CODE_NOT_FOUND, "", "%s: %s", path, strerror(errno));
    reading.arena = arena_new(FILE_MEMORY);
    reading.reader = archive_reader_new();
    if (reading.arena == NULL || reading.reader == NULL)
        rc = STORE_FAULT_MEMORY;
    if (rc == 0)
        rc = read_all(&reading);
    fclose(reading.file);
    buf_free(&reading.frame);
    arena_free(reading.arena);
    archive_reader_free(reading.reader);
    return rc;
}
