// SPDX-License-Identifier: Apache-2.0
// The bytes of each connection are put together again and cut into frames; each frame is a Response, and the
// journal sequences in it are acknowledged from the moment on that its last byte was given to send(2).
#include "tests/crash/powercut/trace.h"
#include "proto/frame.h"
#include "store/store.h"
#include <fcntl.h>
#include <kansen/v1/protocol.pb-c.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERASURES_FILE "kansen.erased"
#define FRAME_MAX     ((size_t)64 << 20)

struct stream { // of one connection: bytes that are no whole frame yet
    uint8_t *bytes;
    size_t len;
};

const char *
trace_kind(uint32_t kind)
{
    static const char *const names[] = {
        [LOG_FILE] = "file",       [LOG_WRITE] = "write",     [LOG_THROUGH] = "write through",
        [LOG_RESIZE] = "resize",   [LOG_SYNC_BEGIN] = "sync", [LOG_SYNC_END] = "end of sync",
        [LOG_MAPPED] = "map sync", [LOG_SEND] = "send",
    };

    return kind < sizeof names / sizeof names[0] && names[kind] != NULL ? names[kind] : "unknown";
}

static int
fail(const char *what)
{
    fprintf(stderr, "the log: %s\n", what);
    return 1;
}

static int
map_log(const char *path, struct trace *trace)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    void *memory;

    if (fd < 0 || fstat(fd, &stat) != 0 || stat.st_size == 0)
        return fail("can not be read, or is empty");
    memory = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (memory == MAP_FAILED)
        return fail("can not be mapped");
    trace->memory = memory;
    trace->memory_len = (size_t)stat.st_size;
    return 0;
}

static struct event *
next_event(struct trace *trace, size_t *room)
{
    if (trace->n == *room) {
        size_t more = *room == 0 ? 1024 : 2 * *room;
        struct event *larger = realloc(trace->events, more * sizeof *larger);

        if (larger == NULL)
            return NULL;
        trace->events = larger;
        *room = more;
    }
    return &trace->events[trace->n++];
}

static int
split(struct trace *trace)
{
    size_t at = 0, room = 0;

    while (trace->memory_len - at >= sizeof(struct log_head)) {
        struct event *event = next_event(trace, &room);

        if (event == NULL)
            return fail("memory is short");
        *event = (struct event){.bytes = trace->memory + at + sizeof event->head};
        memcpy(&event->head, trace->memory + at, sizeof event->head); // it is not aligned
        at += sizeof event->head;
        if (event->head.length > trace->memory_len - at)
            return fail("is cut short");
        at += event->head.length;
    }
    return at == trace->memory_len ? 0 : fail("is cut short");
}

static int
note_file(struct trace *trace, const struct event *event)
{
    if (event->head.length == strlen(STORE_FILE) && memcmp(event->bytes, STORE_FILE, event->head.length) == 0)
        trace->store = event->head.number;
    if (event->head.length == strlen(ERASURES_FILE) &&
        memcmp(event->bytes, ERASURES_FILE, event->head.length) == 0)
        trace->erasures = event->head.number;
    if (event->head.length == 1 && event->bytes[0] == '.')
        trace->directory = event->head.number;
    return 0;
}

// ---- Acknowledgements

static void
acknowledge(struct trace *trace, uint64_t place, const Kansen__V1__WriteResult *result)
{
    if (result->sequence == 0)
        return;
    trace->answers++;
    if (trace->events[place].acknowledged < result->sequence)
        trace->events[place].acknowledged = result->sequence;
}

static int
read_response(struct trace *trace, uint64_t place, const uint8_t *bytes, size_t len)
{
    Kansen__V1__Response *response = kansen__v1__response__unpack(NULL, len, bytes);

    if (response == NULL)
        return fail("what was sent is no Response");
    if (response->body_case == KANSEN__V1__RESPONSE__BODY_WRITE)
        acknowledge(trace, place, response->write);
    if (response->body_case == KANSEN__V1__RESPONSE__BODY_BATCH) {
        for (size_t i = 0; i < response->batch->n_results; i++)
            acknowledge(trace, place, response->batch->results[i]);
    }
    kansen__v1__response__free_unpacked(response, NULL);
    return 0;
}

static int
take_frames(struct trace *trace, uint64_t place, struct stream *stream)
{
    size_t at = 0;
    int rc = 0;

    while (rc == 0 && at < stream->len) {
        struct frame frame;
        enum frame_result result = frame_decode(stream->bytes + at, stream->len - at, FRAME_MAX, &frame);

        if (result == FRAME_PARTIAL)
            break;
        if (result != FRAME_WHOLE)
            return fail("what was sent is no frame");
        rc = read_response(trace, place, stream->bytes + at + frame.header_len, frame.payload_len);
        at += frame.header_len + frame.payload_len;
    }
    stream->len -= at;
    memmove(stream->bytes, stream->bytes + at, stream->len);
    return rc;
}

static int
add_sent(struct trace *trace, const struct event *event, struct stream **streams, uint32_t *n)
{
    struct stream *stream;

    if (event->head.number == 0 || event->head.place == 0)
        return fail("something was sent on no connection, or before anything was opened");
    if (event->head.number > *n) {
        *streams = realloc(*streams, event->head.number * sizeof **streams);
        if (*streams == NULL)
            return fail("memory is short");
        memset(*streams + *n, 0, (event->head.number - *n) * sizeof **streams);
        *n = event->head.number;
    }
    stream = *streams + event->head.number - 1;
    stream->bytes = realloc(stream->bytes, stream->len + event->head.length);
    if (stream->bytes == NULL)
        return fail("memory is short");
    memcpy(stream->bytes + stream->len, event->bytes, event->head.length);
    stream->len += event->head.length;
    return take_frames(trace, event->head.place - 1, stream);
}

// An answer that was sent when `place` events had been counted stands at the last one of them.
static int
read_answers(struct trace *trace)
{
    struct stream *streams = NULL;
    uint32_t n = 0;
    int rc = 0;

    for (size_t i = 0; i < trace->n && rc == 0; i++) {
        if (trace->events[i].head.kind == LOG_SEND)
            rc = add_sent(trace, &trace->events[i], &streams, &n);
    }
    for (uint32_t i = 0; i < n; i++)
        free(streams[i].bytes);
    free(streams);
    for (size_t i = 1; i < trace->n; i++) {
        if (trace->events[i].acknowledged < trace->events[i - 1].acknowledged)
            trace->events[i].acknowledged = trace->events[i - 1].acknowledged;
    }
    return rc;
}

int
trace_read(const char *path, struct trace *out)
{
    struct trace trace = {0};
    int rc = map_log(path, &trace);

    if (rc == 0)
        rc = split(&trace);
    for (size_t i = 0; i < trace.n && rc == 0; i++) {
        if (trace.events[i].head.kind == LOG_FILE)
            rc = note_file(&trace, &trace.events[i]);
        if (trace.events[i].head.kind == LOG_MAPPED)
            rc = fail("a memory map was written: such a store can not be rebuilt from its writes");
    }
    if (rc == 0 && trace.store == 0)
        rc = fail("the store's file is not in it");
    if (rc == 0)
        rc = read_answers(&trace);
    if (rc == 0) {
        *out = trace;
    } else {
        free(trace.events);
        if (trace.memory != NULL)
            munmap((void *)trace.memory, trace.memory_len);
    }
    return rc;
}
