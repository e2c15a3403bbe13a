// SPDX-License-Identifier: Apache-2.0
// Frames lie in one block of memory, in the order in which they were added.
#include "tests/bench/frames.h"
#include "client/cli/query_json.h"
#include "proto/frame.h"
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY (1u << 16)
#define FRAME_MAX      (64u << 20)
#define ID_TAG         0x08u // field 1, a varint

static uint8_t *
reserve(struct frames *frames, size_t len)
{
    while (frames->capacity - frames->size < len) {
        size_t wanted = frames->capacity == 0 ? FIRST_CAPACITY : frames->capacity * 2;
        uint8_t *bytes = realloc(frames->bytes, wanted);

        if (bytes == NULL)
            err(1, "frames");
        frames->bytes = bytes;
        frames->capacity = wanted;
    }
    return frames->bytes + frames->size;
}

// Takes the len bytes that were put behind the others as the next frame.
static void
append(struct frames *frames, size_t len, size_t digits)
{
    if ((frames->count & (frames->count - 1)) == 0) { // a power of two: full
        size_t wanted = frames->count == 0 ? 1 : frames->count * 2;
        struct frames_one *all = realloc(frames->all, wanted * sizeof *all);

        if (all == NULL)
            err(1, "frames");
        frames->all = all;
    }
    frames->all[frames->count] =
        (struct frames_one){.at = frames->size, .len = len, .id = frames->count + 1, .digits = digits};
    frames->count++;
    frames->size += len;
}

void
frames_add(struct frames *frames, Kansen__V1__Request *request, const char *digits)
{
    size_t payload, header, place = 0;
    uint8_t *at;

    request->id = frames->count + 1;
    payload = kansen__v1__request__get_packed_size(request);
    at = reserve(frames, FRAME_HEADER_MAX + payload);
    header = frame_encode_header(at, payload);
    kansen__v1__request__pack(request, at + header);
    if (digits != NULL) {
        const uint8_t *found = memmem(at, header + payload, digits, FRAMES_DIGITS);

        if (found == NULL)
            errx(1, "the serial number is not in its request");
        place = (size_t)(found - at);
    }
    append(frames, header + payload, place);
}

static void
read_frames(struct frames *frames, const char *path, FILE *file)
{
    size_t got, len = 0, start = frames->size, at;
    struct frame frame;

    do {
        got = fread(reserve(frames, len + FIRST_CAPACITY) + len, 1, FIRST_CAPACITY, file);
        len += got;
    } while (got > 0);
    for (at = 0; at < len; at += frame.header_len + frame.payload_len) {
        const uint8_t *bytes = frames->bytes + start + at;
        Kansen__V1__Request *request;

        if (frame_decode(bytes, len - at, FRAME_MAX, &frame) != FRAME_WHOLE)
            errx(1, "%s: no whole frame at byte %zu", path, at);
        request = kansen__v1__request__unpack(NULL, frame.payload_len, bytes + frame.header_len);
        if (request == NULL || request->id != frames->count + 1 || bytes[frame.header_len] != ID_TAG)
            errx(1, "%s: frame %zu is no request of that id", path, frames->count + 1);
        kansen__v1__request__free_unpacked(request, NULL);
        append(frames, frame.header_len + frame.payload_len, 0);
    }
}

static void
read_queries(struct frames *frames, const char *path, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;

    while ((len = getline(&line, &capacity, file)) > 0) {
        Kansen__V1__MatchRequest match = KANSEN__V1__MATCH_REQUEST__INIT;
        Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
        struct query_json_fault fault = {.field = ""};
        struct query query;

        if (query_init(&query) != 0)
            err(1, "%s", path);
        if (query_json_read(&query, line, (size_t)len, &fault) != 0)
            errx(1, "%s:%zu: %s: %s", path, frames->count + 1, fault.field, fault.message.text);
        match.query = &query.message;
        request.body_case = KANSEN__V1__REQUEST__BODY_MATCH;
        request.match = &match;
        frames_add(frames, &request, NULL);
        query_free(&query);
    }
    free(line);
}

void
frames_read(struct frames *frames, const char *path)
{
    size_t len = strlen(path);
    FILE *file = fopen(path, "re");

    if (file == NULL)
        err(1, "%s", path);
    if (len >= 6 && strcmp(path + len - 6, ".jsonl") == 0)
        read_queries(frames, path, file);
    else
        read_frames(frames, path, file);
    if (ferror(file))
        err(1, "%s", path);
    if (frames->count == 0)
        errx(1, "%s: no requests", path);
    fclose(file);
}

void
frames_free(struct frames *frames)
{
    free(frames->bytes);
    free(frames->all);
    *frames = (struct frames){.count = 0};
}
