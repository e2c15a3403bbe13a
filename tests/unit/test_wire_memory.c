// SPDX-License-Identifier: Apache-2.0
// What unpacking takes of memory, held against the frame's own bytes, for the frames that are worst: led by
// the descriptors, every kind of field of every message that a request can hold is repeated at every level of
// the messages around it, as often as the caps allow, until the frame is full. So a message that is added to
// the protocol is measured as well.
#include "base/arena.h"
#include "rpc/field.h"
#include "rpc/wire.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <kansen/v1/protocol.pb-c.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DESC        (&kansen__v1__request__descriptor)
#define FRAME_SMALL (64u * 1024)   // bytes: all kinds of frames are tried at this size,
#define FRAME_LARGE (1024u * 1024) // the worst of them at this one
#define LEVELS_MAX  WIRE_DEPTH_MAX
#define MEMORY_MAX  ((size_t)64 << 20)

// The one field of a request that may have more elements.
#define OFFERS_OF_LIST                                                                                       \
    protobuf_c_message_descriptor_get_field_by_name(&kansen__v1__submit_round_list__descriptor, "offers")

struct bytes {
    uint8_t *data;
    size_t len, size;
};

// Which fields lie around each other, from the request inwards, and what lies in the innermost.
struct shape {
    const ProtobufCFieldDescriptor *fields[LEVELS_MAX];
    unsigned count;
    const ProtobufCFieldDescriptor *leaf; // NULL = nothing
    unsigned filling;                     // of the leaf: enum filling
    unsigned level;                       // that is repeated first, then those around it
};

enum filling { EMPTY, ONE_BYTE, PACKED, FILLINGS };

// What was measured so far.
struct measured {
    struct shape worst;
    double times;             // bytes of memory for a byte of the worst frame
    unsigned frames, refused; // for the memory that they would take
};

// ---- Frames

static void
make_room(struct bytes *bytes, size_t len)
{
    if (bytes->len + len <= bytes->size)
        return;
    bytes->size = 2 * (bytes->len + len);
    bytes->data = realloc(bytes->data, bytes->size);
    assert_non_null(bytes->data);
}

static void
put(struct bytes *bytes, const void *data, size_t len)
{
    make_room(bytes, len);
    if (len > 0)
        memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
}

// Puts what the first len bytes are behind the rest, up to times - 1 times or as far as they fit size.
static void
repeat(struct bytes *bytes, size_t size, unsigned times)
{
    size_t one = bytes->len;

    for (unsigned i = 1; one > 0 && i < times && bytes->len + one <= size; i++) {
        make_room(bytes, one);
        memcpy(bytes->data + bytes->len, bytes->data, one);
        bytes->len += one;
    }
}

static void
put_varint(struct bytes *bytes, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));

        put(bytes, &byte, 1);
        value >>= 7;
    } while (value != 0);
}

static void
put_field(struct bytes *bytes, unsigned number, const struct bytes *content)
{
    put_varint(bytes, (uint64_t)number << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    put_varint(bytes, content->len);
    put(bytes, content->data, content->len);
}

// Puts field number with this content in the place of content, so often that it fits size or is as often as
// allowed.
static void
wrap(struct bytes *content, unsigned number, size_t size, unsigned times)
{
    struct bytes all = {0};

    put_field(&all, number, content);
    repeat(&all, size, times);
    free(content->data);
    *content = all;
}

static struct bytes
leaf_of(const struct shape *shape, size_t size)
{
    struct bytes bytes = {0};
    uint8_t zeros[WIRE_ELEMENTS_MAX] = {0};
    const ProtobufCFieldDescriptor *leaf = shape->leaf;
    struct bytes content = {zeros,
                            shape->filling == EMPTY      ? 0
                            : shape->filling == ONE_BYTE ? 1
                                                         : sizeof zeros,
                            0};

    if (leaf == NULL)
        return bytes;
    if (leaf->type == PROTOBUF_C_TYPE_STRING)
        memset(zeros, 'a', sizeof zeros);
    if (field_types[leaf->type].wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
        put_field(&bytes, leaf->id, &content);
    } else if (shape->filling == PACKED) {
        put_field(&bytes, leaf->id, &content);
        return bytes;
    } else {
        put_varint(&bytes, (uint64_t)leaf->id << 3 | field_types[leaf->type].wire_type);
        put(&bytes, zeros, field_types[leaf->type].wire_type == PROTOBUF_C_WIRE_TYPE_VARINT ? 1 : 8);
    }
    if (shape->level == shape->count) // the leaf itself is what is repeated
        repeat(&bytes, size, WIRE_ELEMENTS_MAX);
    return bytes;
}

static struct bytes
frame_of(const struct shape *shape, size_t size)
{
    size_t room = size - shape->count * 6; // for the lengths around
    struct bytes bytes = leaf_of(shape, room);

    for (unsigned i = shape->count; i > 0; i--)
        wrap(&bytes, shape->fields[i - 1]->id, room, i - 1 <= shape->level ? WIRE_ELEMENTS_MAX : 1);
    return bytes;
}

// ---- Measuring

static size_t
bound_of(const struct bytes *frame)
{
    return WIRE_MEMORY_BASE + WIRE_MEMORY_TIMES * frame->len;
}

// Unpacks with more memory than it may take; *held is set to what it took of the system.
static int
unpack(const struct bytes *frame, size_t *held)
{
    static const uint8_t nothing[1];
    const uint8_t *data = frame->data != NULL ? frame->data : nothing; // of the empty frame
    struct wire_input input = {DESC, data, frame->len, WIRE_ELEMENTS_MAX, OFFERS_OF_LIST};
    struct arena *arena = arena_new(MEMORY_MAX);
    ProtobufCMessage *message;
    struct fault fault;
    int rc;

    assert_non_null(arena);
    rc = wire_unpack(&input, arena, &message, &fault);
    *held = arena_held(arena);
    assert_true(arena_used(arena) <= *held);
    arena_free(arena);
    return rc;
}

static void
measure(const struct shape *shape, struct measured *measured)
{
    struct bytes frame = frame_of(shape, FRAME_SMALL);
    size_t held;

    assert_true(frame.len <= FRAME_SMALL);
    measured->refused += unpack(&frame, &held) == -ENOMEM;
    measured->frames++;
    assert_true(held <= bound_of(&frame));
    if (frame.len > FRAME_SMALL / 2 && (double)held / (double)frame.len > measured->times) {
        measured->times = (double)held / (double)frame.len;
        measured->worst = *shape;
    }
    free(frame.data);
}

static void
measure_levels(struct shape *shape, struct measured *measured)
{
    for (shape->level = 0; shape->level <= shape->count; shape->level++)
        measure(shape, measured);
}

// All frames whose innermost message is one of desc.
static void
measure_messages(struct shape *shape, const ProtobufCMessageDescriptor *desc, struct measured *measured)
{
    shape->leaf = NULL;
    measure_levels(shape, measured);
    for (unsigned i = 0; i < desc->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &desc->fields[i];

        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            assert_true(shape->count < LEVELS_MAX);
            shape->fields[shape->count++] = field;
            measure_messages(shape, field->descriptor, measured);
            shape->count--;
            continue;
        }
        for (shape->filling = EMPTY; shape->filling < FILLINGS; shape->filling++) {
            shape->leaf = field;
            measure_levels(shape, measured);
        }
    }
    shape->leaf = NULL;
}

static void
tell(const struct measured *measured, const struct bytes *frame, size_t held)
{
    const struct shape *shape = &measured->worst;

    printf("%u kinds of frames, %u refused for their memory; the worst:", measured->frames,
           measured->refused);
    for (unsigned i = 0; i < shape->count; i++)
        printf("%s%s%s", i == 0 ? " " : ".", shape->fields[i]->name, i <= shape->level ? "[]" : "");
    printf("%s%s, %zu bytes, takes %zu: %.1f for each\n", shape->leaf == NULL ? "" : ".",
           shape->leaf == NULL ? "" : shape->leaf->name, frame->len, held, (double)held / (double)frame->len);
}

static void
test_worst_frame(void **state)
{
    struct shape shape = {0};
    struct measured measured = {0};
    struct bytes frame;
    size_t held;

    (void)state;
    measure_messages(&shape, DESC, &measured);
    assert_true(measured.frames > 5000);
    assert_true(measured.refused > 100); // else these frames are not as bad as they could be
    frame = frame_of(&measured.worst, FRAME_LARGE);
    (void)unpack(&frame, &held);
    tell(&measured, &frame, held);
    assert_true(held <= bound_of(&frame));
    free(frame.data);
}

// ---- What must not be refused

// A batch of as many writes as are allowed, all the same.
static void
assert_fits(unsigned operation, const struct bytes *content)
{
    struct bytes bytes = {0};
    size_t held;

    put_field(&bytes, operation, content);
    wrap(&bytes, 1, FRAME_LARGE, WIRE_ELEMENTS_MAX); // writes
    wrap(&bytes, KANSEN__V1__REQUEST__BODY_BATCH, FRAME_LARGE, 1);
    assert_int_equal(unpack(&bytes, &held), 0);
    printf("writes of field %u, %zu bytes, take %zu: %.1f for each\n", operation, bytes.len, held,
           (double)held / (double)bytes.len);
    free(bytes.data);
}

// The shortest writes that say something.
static void
test_shortest_writes(void **state)
{
    static const uint8_t id[] = {0x08, 1}, status[] = {0x08, 1, 0x10, 1, 0x18, 1};
    static const char text[] =
        "\x28\x01\x38\x02\x42\x01t\x7a\x01i\x90\x01\x01"; // partner, kind, title, interest, seats
    struct bytes offer = {0};

    (void)state;
    assert_fits(KANSEN__V1__WRITE__OPERATION_REMOVE_OFFER, &(struct bytes){(uint8_t *)id, sizeof id, 0});
    assert_fits(KANSEN__V1__WRITE__OPERATION_SET_OFFER_STATUS,
                &(struct bytes){(uint8_t *)status, sizeof status, 0});
    put(&offer, text, sizeof text - 1);
    wrap(&offer, 1, FRAME_LARGE, 1);
    assert_fits(KANSEN__V1__WRITE__OPERATION_CREATE_OFFER, &offer);
    free(offer.data);
}

// The field that may be as long as the frame, in the shapes that take most for a byte: packed at once, packed
// in parts that double the array each time, and one by one.
static void
test_unbounded_field(void **state)
{
    static uint8_t zeros[FRAME_LARGE / 2 + 2];

    (void)state;
    for (unsigned filling = 0; filling < 3; filling++) {
        struct bytes list = {0};
        size_t held;

        for (size_t n = 1; n <= FRAME_LARGE / 4 && filling == 1; n *= 2)
            put_field(&list, 5, &(struct bytes){zeros, n, 0});
        if (filling == 0) // one more than a power of two
            put_field(&list, 5, &(struct bytes){zeros, FRAME_LARGE / 2 + 1, 0});
        for (size_t n = 0; n <= FRAME_LARGE / 4 && filling == 2; n++)
            put(&list, "\x28\0", 2);
        wrap(&list, KANSEN__V1__WRITE__OPERATION_SUBMIT_ROUND_LIST, FRAME_LARGE, 1);
        wrap(&list, KANSEN__V1__REQUEST__BODY_WRITE, FRAME_LARGE, 1);
        assert_int_equal(unpack(&list, &held), 0);
        printf("offers of a list, %zu bytes, take %zu: %.1f for each\n", list.len, held,
               (double)held / (double)list.len);
        assert_true(held <= bound_of(&list));
        free(list.data);
    }
}

// What is handed out after unpacking is bounded by the arena's own cap again, with and without a fault.
static void
test_cap_comes_back(void **state)
{
    static const uint8_t frames[][2] = {{0x5a, 0}, {0xff, 0xff}}; // a ping, and nothing that is known

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct wire_input input = {DESC, frames[i], sizeof frames[i], WIRE_ELEMENTS_MAX, NULL};
        struct arena *arena = arena_new(1024 * 1024);
        ProtobufCMessage *message;
        struct fault fault;

        assert_non_null(arena);
        assert_int_equal(wire_unpack(&input, arena, &message, &fault), i == 0 ? 0 : WIRE_MALFORMED);
        assert_non_null(arena_take(arena, 512 * 1024));
        assert_null(arena_take(arena, 1024 * 1024));
        arena_free(arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worst_frame),
        cmocka_unit_test(test_shortest_writes),
        cmocka_unit_test(test_unbounded_field),
        cmocka_unit_test(test_cap_comes_back),
    };

    return cmocka_run_group_tests_name("wire memory", tests, NULL, NULL);
}
