// SPDX-License-Identifier: Apache-2.0
// Whole sessions of four connections: a row of frames, each a Request that goes to the connection that bits 0
// and 1 of its id name. More bits of the id: 2 = with the cursor that this connection was given last, 3 = the
// clock ticks before it, 4..7 = so much time passes before it, 8 = it comes late. Afterwards the store is as
// kansend --check wants it.
#include "proto/frame.h"
#include "rpc/wire.h"
#include "tests/fuzz/chance.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_frames.h"
#include "tests/fuzz/reply.h"
#include "tests/fuzz/world.h"
#include <kansen/v1/protocol.pb-c.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_EVERY  2u // of the runs that write
#define MEMORY_MAX   ((size_t)64 << 20)
#define REQUESTS_MAX 60u
#define CURSOR_MAX   128u
#define SECOND       INT64_C(1000000)

enum { TAKE_CURSOR = 0x04, TICK = 0x08, TIME_SHIFT = 4, LATE = 0x100 };

static struct world *world;
static struct arena *arena;
static struct {
    uint8_t bytes[CURSOR_MAX];
    size_t len;
} cursors[WORLD_CONNECTIONS];

static const ProtobufCMessageDescriptor *const kind = &kansen__v1__request__descriptor;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    world = world_new();
    arena = arena_new(MEMORY_MAX);
    assert(arena != NULL);
    return 0;
}

// ---- Cursors

// Where a message keeps a field of bytes with that name; NULL = it has none.
static ProtobufCBinaryData *
bytes_named(ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

    if (field == NULL || field->type != PROTOBUF_C_TYPE_BYTES)
        return NULL;
    return (ProtobufCBinaryData *)((uint8_t *)message + field->offset);
}

// The message that is set as the body; NULL = none.
static ProtobufCMessage *
body_of(ProtobufCMessage *message, uint32_t which)
{
    const ProtobufCFieldDescriptor *field =
        which == 0 ? NULL : protobuf_c_message_descriptor_get_field(message->descriptor, which);
    void *body = NULL;

    if (field != NULL)
        memcpy(&body, (uint8_t *)message + field->offset, sizeof body);
    return body;
}

static void
keep_cursor(unsigned connection, Kansen__V1__Response *response)
{
    ProtobufCMessage *body = body_of(&response->base, (uint32_t)response->body_case);
    const ProtobufCBinaryData *cursor = body == NULL ? NULL : bytes_named(body, "next_cursor");

    if (cursor == NULL || cursor->len == 0)
        return;
    assert(cursor->len <= CURSOR_MAX);
    memcpy(cursors[connection].bytes, cursor->data, cursor->len);
    cursors[connection].len = cursor->len;
}

// The request with the connection's last cursor in it, packed into arena; as it was when it takes none.
static void
put_cursor(unsigned connection, const uint8_t **data, size_t *len)
{
    Kansen__V1__Request *request = kansen__v1__request__unpack(arena_allocator(arena), *len, *data);
    ProtobufCMessage *body;
    ProtobufCBinaryData *cursor;
    uint8_t *packed;

    body = request == NULL ? NULL : body_of(&request->base, (uint32_t)request->body_case);
    if (body != NULL && request->body_case == KANSEN__V1__REQUEST__BODY_MATCH)
        body = request->match->query == NULL ? NULL : &request->match->query->base;
    cursor = body == NULL ? NULL : bytes_named(body, "cursor");
    if (cursor == NULL)
        return;
    *cursor = (ProtobufCBinaryData){cursors[connection].len, cursors[connection].bytes};
    packed = arena_alloc(arena, kansen__v1__request__get_packed_size(request) + 1);
    assert(packed != NULL);
    *len = kansen__v1__request__pack(request, packed);
    *data = packed;
}

// ---- Steps

static void
let_time_pass(uint64_t id)
{
    static const int64_t steps[16] = {0,
                                      0,
                                      0,
                                      SECOND,
                                      SECOND,
                                      60 * SECOND,
                                      900,
                                      901 * SECOND,
                                      3600 * SECOND,
                                      86400 * SECOND,
                                      86400 * SECOND,
                                      259201 * SECOND,
                                      604801 * SECOND,
                                      2678400 * SECOND,
                                      31536000 * SECOND,
                                      1};

    chance_pass(steps[id >> TIME_SHIFT & 15]);
    if ((id & TICK) != 0)
        world_tick(world);
}

// Checks all answers that a connection has been given.
static void
check_answers(unsigned connection, struct buf *out)
{
    Kansen__V1__Response *response;

    while ((response = reply_take(out, arena)) != NULL) {
        assert(response->id == 0 || response->id % WORLD_CONNECTIONS == connection);
        assert(response->status != NULL || response->body_case != KANSEN__V1__RESPONSE__BODY__NOT_SET);
        keep_cursor(connection, response);
    }
}

static void
feed_all(void)
{
    for (unsigned i = 0; i < WORLD_CONNECTIONS; i++) {
        struct buf out = {0};

        world_feed(world, i, &out);
        check_answers(i, &out);
        buf_free(&out);
    }
}

static void
step(const uint8_t *data, size_t len)
{
    struct buf out = {0};
    struct wire_peek peek;
    unsigned connection;
    int rc;

    wire_peek(kind, data, len, &peek);
    connection = peek.id % WORLD_CONNECTIONS;
    let_time_pass(peek.id);
    if ((peek.id & TAKE_CURSOR) != 0)
        put_cursor(connection, &data, &len);
    rc = world_ask(world, connection, (peek.id & LATE) != 0, data, len, &out);
    assert(buf_len(&out) > 0);
    check_answers(connection, &out);
    if (rc == RPC_CLOSE) { // as a connection that begins anew
        watch_drop_all(&world_session(world, connection)->watches);
        world_session(world, connection)->open = false;
    }
    buf_free(&out);
    feed_all();
    arena_reset(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame frame;

    memset(cursors, 0, sizeof cursors);
    for (unsigned i = 0;
         i < REQUESTS_MAX && size > 0 && frame_decode(data, size, size, &frame) == FRAME_WHOLE; i++) {
        step(data + frame.header_len, frame.payload_len);
        data += frame.header_len + frame.payload_len;
        size -= frame.header_len + frame.payload_len;
    }
    world_reset(world, CHECK_EVERY);
    return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    return mutate_frames_row(kind, data, size, max, seed);
}

size_t
LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size,
                          uint8_t *out, size_t max, unsigned seed)
{
    return mutate_frames_cross(one, one_size, two, two_size, out, max, seed);
}
