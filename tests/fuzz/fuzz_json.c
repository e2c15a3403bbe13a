// SPDX-License-Identifier: Apache-2.0
// `kansenctl match --batch`: lines of JSON from a file, and the query that each stands for. What is made of a
// line can be sent: the daemon's unpacking takes it.
#include "base/arena.h"
#include "client/cli/lines.h"
#include "client/cli/query_json.h"
#include "rpc/wire.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2000u

static void
check_query(const struct query *query)
{
    size_t len = kansen__v1__query__get_packed_size(&query->message);
    uint8_t *bytes = malloc(len + 1);
    struct arena *arena = arena_new((size_t)16 << 20);
    struct wire_input input = {&kansen__v1__query__descriptor, bytes, len, SIZE_MAX, NULL};
    ProtobufCMessage *message = NULL;
    struct fault fault;

    assert(bytes != NULL && arena != NULL);
    kansen__v1__query__pack(&query->message, bytes);
    assert(wire_unpack(&input, arena, &message, &fault) == 0);
    arena_free(arena);
    free(bytes);
}

static void
read_line(const char *line, size_t len)
{
    struct query_json_fault fault = {0};
    struct query query;
    int rc;

    assert(line[len] == '\0' && query_init(&query) == 0);
    rc = query_json_read(&query, line, len, &fault);
    assert(rc == 0 || rc == QUERY_E_BAD);
    if (rc == 0)
        check_query(&query);
    else
        assert(fault.message.text[0] != '\0');
    query_free(&query);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("lines", MFD_CLOEXEC), rc;
    struct lines *lines = lines_new(fd, LINE_MAX_BYTES);
    char *line;
    size_t len;

    assert(fd >= 0 && lines != NULL);
    assert(write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    while ((rc = lines_next(lines, &line, &len)) == 0 || rc == LINES_E_LONG) {
        if (rc == 0)
            read_line(line, len);
    }
    assert(rc == LINES_E_END && lines_bytes(lines) == size);
    lines_free(lines);
    close(fd);
    return 0;
}
