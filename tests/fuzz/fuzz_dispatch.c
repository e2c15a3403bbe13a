// SPDX-License-Identifier: Apache-2.0
// One request of any kind through the dispatch table on a real store. The input is a Request; its id says who
// asks: bits 0 and 1 which connection, bit 2 whether Hello is still to come, bit 3 whether it comes late.
// Every request gets one answer with its id; a read is answered thrice with the same bytes, the last time by
// the way of what is too long for a loop; after a write the store is as kansend --check wants it.
#include "rpc/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/reply.h"
#include "tests/fuzz/world.h"
#include <kansen/v1/protocol.pb-c.h>
#include <string.h>

#define CHECK_EVERY 4u // of the runs that write
#define MEMORY_MAX  ((size_t)32 << 20)

static struct world *world;
static struct arena *arena;

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

// Whether the same answer is given again: not for what begins something or tells the time.
static bool
is_repeatable(uint32_t body)
{
    return body != KANSEN__V1__REQUEST__BODY_HELLO && body != KANSEN__V1__REQUEST__BODY_STATUS &&
           body != KANSEN__V1__REQUEST__BODY_WRITE && body != KANSEN__V1__REQUEST__BODY_BATCH &&
           body != KANSEN__V1__REQUEST__BODY_WATCH;
}

static void
check_answers(struct buf *out, int rc, const struct wire_peek *peek)
{
    const Kansen__V1__Response *response = reply_take(out, arena);

    assert(response != NULL && response->id == (rc == RPC_CLOSE ? 0 : peek->id));
    assert(response->status != NULL || (uint32_t)response->body_case == peek->body);
    while ((response = reply_take(out, arena)) != NULL) // of a watch
        assert(rc == RPC_ANSWERED && peek->body == KANSEN__V1__REQUEST__BODY_WATCH &&
               response->id == peek->id);
}

// Asks again: result and bytes are those of before.
static void
check_same(int (*ask)(struct world *world, unsigned connection, bool late, const uint8_t *request, size_t len,
                      struct buf *out),
           unsigned connection, bool late, const uint8_t *data, size_t size, int rc, const struct buf *before)
{
    struct buf again = {0};

    assert(ask(world, connection, late, data, size, &again) == rc);
    assert(buf_len(&again) == buf_len(before));
    assert(memcmp(buf_bytes(&again), buf_bytes(before), buf_len(before)) == 0);
    buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = {0};
    struct wire_peek peek;
    unsigned connection;
    int rc;

    wire_peek(kind, data, size, &peek);
    connection = peek.id % WORLD_CONNECTIONS;
    world_session(world, connection)->open = (peek.id & 4) == 0;
    rc = world_ask(world, connection, (peek.id & 8) != 0, data, size, &out);
    if (is_repeatable(peek.body)) {
        check_same(world_ask, connection, (peek.id & 8) != 0, data, size, rc, &out);
        check_same(world_ask_long, connection, (peek.id & 8) != 0, data, size, rc, &out);
    }
    world_feed(world, connection, &out);
    check_answers(&out, rc, &peek);
    world_reset(world, CHECK_EVERY);
    arena_reset(arena);
    buf_free(&out);
    return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    return mutate_message(kind, data, size, max, seed);
}
