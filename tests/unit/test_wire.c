// SPDX-License-Identifier: Apache-2.0
// Bytes to structs: what is refused and how it is told, and that the rest comes out as protobuf-c would have
// it.
#include "base/arena.h"
#include "rpc/wire.h"
#include "tests/unit/known_fixture.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <kansen/v1/protocol.pb-c.h>
#include <stdbool.h>
#include <string.h>

#define DESC (&kansen__v1__request__descriptor)

// The one field of a request that may have more elements.
#define OFFERS_OF_LIST                                                                                       \
    protobuf_c_message_descriptor_get_field_by_name(&kansen__v1__submit_round_list__descriptor, "offers")

struct bytes {
    uint8_t data[8192];
    size_t len;
};

static void
put(struct bytes *bytes, const void *data, size_t len)
{
    assert_true(bytes->len + len <= sizeof bytes->data);
    memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
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
put_field(struct bytes *bytes, unsigned number, const void *data, size_t len)
{
    put_varint(bytes, (uint64_t)number << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    put_varint(bytes, len);
    put(bytes, data, len);
}

// inner as field number of a message of its own.
static struct bytes
wrap(unsigned number, const struct bytes *inner)
{
    struct bytes outer = {.len = 0};

    put_field(&outer, number, inner->data, inner->len);
    return outer;
}

// A create_offer in a write in a request, around the fields of an offer.
static struct bytes
request_of_offer(const struct bytes *offer)
{
    struct bytes create = wrap(1, offer), write = wrap(20, &create);

    return wrap(20, &write);
}

static int
unpack(struct arena *arena, const struct bytes *bytes, ProtobufCMessage **out, struct fault *fault)
{
    struct wire_input input = {DESC, bytes->data, bytes->len, WIRE_ELEMENTS_MAX, OFFERS_OF_LIST};

    *fault = (struct fault){0};
    return wire_unpack(&input, arena, out, fault);
}

static int
check(const struct bytes *bytes, struct fault *fault)
{
    struct arena *arena = arena_new(1 << 20);
    ProtobufCMessage *message;
    int rc;

    assert_non_null(arena);
    rc = unpack(arena, bytes, &message, fault);
    arena_free(arena);
    return rc;
}

static void
test_texts(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        int rc;
    } texts[] = {
        {"Caf\xc3\xa9", 5, 0},      {"", 0, 0},
        {"a\0b", 3, FAULT},         {"\xff", 1, FAULT},
        {"\xc3", 1, FAULT},         {"\xc0\x80", 2, FAULT},
        {"\xed\xa0\x80", 3, FAULT}, {"\xf4\x90\x80\x80", 4, FAULT},
        {"\xf0\x9f\x98\x80", 4, 0}, {"\x1b", 1, 0}}; // control characters are told by who knows the field

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bytes offer = {.len = 0}, request;
        struct fault fault;

        put_field(&offer, 8, texts[i].text, texts[i].len);
        request = request_of_offer(&offer);
        assert_int_equal(check(&request, &fault), texts[i].rc);
        assert_string_equal(fault.field, texts[i].rc == 0 ? "" : "offer.title");
    }
}

static void
test_path_in_a_batch(void **state)
{
    struct bytes offer = {.len = 0}, create, write, batch = {.len = 0}, request;
    struct fault fault;

    (void)state;
    put_field(&batch, 1, "", 0);
    put_field(&offer, 15, "sport", 5);
    put_field(&offer, 15, "\xff", 1);
    create = wrap(1, &offer);
    write = wrap(20, &create);
    put_field(&batch, 1, write.data, write.len);
    request = wrap(21, &batch);
    assert_int_equal(check(&request, &fault), FAULT);
    assert_int_equal(fault.code, CODE_INVALID_ARGUMENT);
    assert_string_equal(fault.field, "writes[1].offer.interests[1]");
}

static void
test_malformed(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x08", 1},         // id without a value
        {"\x0a\x01\x05", 3}, // id as bytes
        {"\x00\x01", 2},     // field number 0
        {"\x52\x05"
         "a",
         3},                 // hello longer than the frame
        {"\x53\x54", 2},     // a group
        {"\x56\x01", 2},     // wire type 6
        {"\xf9\x3e\x01", 3}, // a fixed64 that is cut off
        {"\x1a\x81\x80\x80\x80\x80\x00"
         "a",
         8},                                                      // a length of six bytes
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12}, // a varint of eleven bytes
        {"\x52\x02\x08", 3},                                      // Hello cut inside
        {"\x52\x01\x08", 3},                                      // a version without a value
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bytes bytes = {.len = 0};
        struct fault fault;

        put(&bytes, bad[i].bytes, bad[i].len);
        assert_int_equal(check(&bytes, &fault), WIRE_MALFORMED);
        assert_int_equal(fault.code, CODE_INVALID_ARGUMENT);
    }
}

static void
test_unknown_fields(void **state)
{
    struct bytes bytes = {.len = 0};
    struct fault fault;

    (void)state;
    for (unsigned i = 0; i < WIRE_UNKNOWN_MAX; i++)
        put_field(&bytes, 999, "new", 3);
    assert_int_equal(check(&bytes, &fault), 0);
    put_field(&bytes, 998, "new", 3);
    assert_int_equal(check(&bytes, &fault), WIRE_MALFORMED);
}

// Packed again, what was not known is not there, however deep it lay.
static void
test_unknown_fields_are_dropped(void **state)
{
    struct bytes offer = {.len = 0}, request;
    ProtobufCMessage *message = NULL;
    struct arena *arena = arena_new(1 << 20);
    const Kansen__V1__Request *got;
    struct fault fault;

    (void)state;
    put_field(&offer, 999, "new", 3);
    put_field(&offer, 15, "x", 1);
    request = request_of_offer(&offer);
    put_field(&request, 999, "new", 3);
    assert_int_equal(unpack(arena, &request, &message, &fault), 0);
    got = (const Kansen__V1__Request *)message;
    assert_int_equal(got->base.n_unknown_fields, 0);
    assert_int_equal(got->write->create_offer->offer->n_interests, 1);
    assert_int_equal(got->write->create_offer->offer->base.n_unknown_fields, 0);
    arena_free(arena);
}

static void
test_elements(void **state)
{
    uint8_t packed[WIRE_ELEMENTS_MAX + 1] = {0};
    struct bytes offer = {.len = 0}, request;
    struct fault fault;

    (void)state;
    put_field(&offer, 16, packed, WIRE_ELEMENTS_MAX); // levels, packed
    request = request_of_offer(&offer);
    assert_int_equal(check(&request, &fault), 0);
    offer.len = 0;
    put_field(&offer, 16, packed, WIRE_ELEMENTS_MAX + 1);
    request = request_of_offer(&offer);
    assert_int_equal(check(&request, &fault), FAULT);
    offer.len = 0;
    for (unsigned i = 0; i <= WIRE_ELEMENTS_MAX; i++)
        put_field(&offer, 15, "x", 1);
    request = request_of_offer(&offer);
    assert_int_equal(check(&request, &fault), FAULT);
    request.len = 0;
    for (unsigned i = 0; i <= WIRE_ELEMENTS_MAX; i++)
        put_field(&request, 11, "", 0); // a thousand pings in one frame
    assert_int_equal(check(&request, &fault), WIRE_MALFORMED);
}

// A write of a student's list with these many offers in its field 5, packed or one by one.
static struct bytes
request_of_list(unsigned n, bool packed)
{
    static uint8_t numbers[8 * WIRE_ELEMENTS_MAX];
    struct bytes list = {.len = 0}, write;

    memset(numbers, 7, sizeof numbers);
    assert_true(n <= sizeof numbers);
    if (packed)
        put_field(&list, 5, numbers, n);
    for (unsigned i = 0; i < n && !packed; i++)
        put(&list, "\x28\x07", 2);
    write = wrap(KANSEN__V1__WRITE__OPERATION_SUBMIT_ROUND_LIST, &list);
    return wrap(20, &write);
}

static void
test_unbounded_field(void **state)
{
    struct bytes request, facts = {.len = 0}, write;
    struct fault fault;

    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        request = request_of_list(3 * WIRE_ELEMENTS_MAX, packed != 0);
        assert_int_equal(check(&request, &fault), 0);
    }
    for (unsigned i = 0; i <= WIRE_ELEMENTS_MAX; i++) // another field of the same message
        put_field(&facts, 8, "", 0);
    write = wrap(KANSEN__V1__WRITE__OPERATION_SUBMIT_ROUND_LIST, &facts);
    request = wrap(20, &write);
    assert_int_equal(check(&request, &fault), FAULT);
    assert_string_equal(fault.field, "facts[1000]");
}

static void
test_peek(void **state)
{
    struct bytes bytes = {.len = 0};
    struct wire_peek peek;

    (void)state;
    put(&bytes, "\x08\x07\x08\xac\x02", 5); // id 7, then 300: the last one wins
    put_field(&bytes, 11, "", 0);
    put_field(&bytes, 12, "", 0);
    put_field(&bytes, 999, "new", 3);
    wire_peek(DESC, bytes.data, bytes.len, &peek);
    assert_int_equal(peek.id, 300);
    assert_int_equal(peek.body, 12);
    assert_int_equal(peek.unknown, 999);
    wire_peek(DESC, bytes.data, 0, &peek);
    assert_int_equal(peek.id + peek.body + peek.unknown, 0);
}

static uint32_t
draw(uint32_t *random, uint32_t below)
{
    *random = *random * 1664525 + 1013904223;
    return (*random >> 8) % below;
}

static void fill_message(struct bytes *bytes, const ProtobufCMessageDescriptor *desc, uint32_t *random,
                         int depth);

// A value of the field's type, drawn, with its tag.
static void
fill_field(struct bytes *bytes, const ProtobufCFieldDescriptor *field, uint32_t *random, int depth)
{
    struct bytes inner = {.len = 0};
    unsigned count = draw(random, 6);

    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (depth < 5)
            fill_message(&inner, field->descriptor, random, depth + 1);
    } else if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES) {
        put(&inner, "Aan de Maas in Ede", draw(random, 19));
    } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0 && draw(random, 2) == 0) {
        for (unsigned i = 0; i < count; i++)
            put_varint(&inner, draw(random, 1000));
    } else {
        put_varint(bytes, (uint64_t)field->id << 3 | PROTOBUF_C_WIRE_TYPE_VARINT);
        put_varint(bytes, (uint64_t)draw(random, UINT32_MAX) << draw(random, 40) >> draw(random, 60));
        return;
    }
    put_field(bytes, field->id, inner.data, inner.len);
}

// Fields of a message, most of them left out, with a few that nobody knows.
static void
fill_message(struct bytes *bytes, const ProtobufCMessageDescriptor *desc, uint32_t *random, int depth)
{
    unsigned chosen = draw(random, desc->n_fields + 1);

    for (unsigned i = 0; i < desc->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &desc->fields[i];
        bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        bool in_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;

        if (in_oneof && desc->n_fields > 6 ? i != chosen : draw(random, 4) == 0)
            continue;
        for (unsigned count = repeated ? draw(random, 4) : 1; count > 0 && bytes->len < 500; count--)
            fill_field(bytes, field, random, depth);
        if (draw(random, 50) == 0)
            put_field(bytes, 900 + i, "new", 3);
    }
}

static void
compare(const ProtobufCMessage *ours, const struct bytes *bytes)
{
    struct arena *arena = arena_new(8 << 20); // has what was dropped
    ProtobufCMessage *theirs =
        protobuf_c_message_unpack(DESC, arena_allocator(arena), bytes->len, bytes->data);
    static uint8_t packed[2][2 * sizeof bytes->data];
    size_t len = protobuf_c_message_get_packed_size(ours);

    assert_non_null(theirs);
    known_only(theirs);
    assert_true(protobuf_c_message_check(ours));
    assert_true(len <= sizeof packed[0]);
    assert_int_equal(protobuf_c_message_get_packed_size(theirs), len);
    protobuf_c_message_pack(ours, packed[0]);
    protobuf_c_message_pack(theirs, packed[1]);
    assert_memory_equal(packed[0], packed[1], len);
    arena_free(arena);
}

// Random requests of every kind: what comes out is what protobuf-c makes of the same bytes.
static void
test_as_protobuf_c_does(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    uint32_t random = 7;

    (void)state;
    assert_non_null(arena);
    for (unsigned round = 0; round < 50000; round++) {
        struct bytes bytes = {.len = 0};
        ProtobufCMessage *message;
        struct fault fault;

        fill_message(&bytes, DESC, &random, 0);
        assert_int_equal(unpack(arena, &bytes, &message, &fault), 0);
        compare(message, &bytes);
        arena_reset(arena);
    }
    arena_free(arena);
}

// What comes twice outside a oneof is one message, and the later value of a field counts.
static void
test_merge(void **state)
{
    struct bytes query = {.len = 0}, match = {.len = 0}, request = {.len = 0};
    struct arena *arena = arena_new(1 << 20);
    ProtobufCMessage *message;
    const Kansen__V1__Query *merged;
    struct fault fault;

    (void)state;
    assert_non_null(arena);
    put(&query, "\x58\x10\x60\x07", 4);      // age 16, qualification 7
    put_field(&query, 17, "jeugdfonds", 10); // funds
    put_field(&match, 1, query.data, query.len);
    query.len = 0;
    put(&query, "\x60\x00", 2); // qualification 0
    put_field(&query, 17, "stad", 4);
    put_field(&match, 1, query.data, query.len);
    put_field(&request, 40, match.data, match.len);
    assert_int_equal(unpack(arena, &request, &message, &fault), 0);
    merged = ((Kansen__V1__Request *)message)->match->query;
    assert_int_equal(merged->age, 16);
    assert_int_equal(merged->qualification, 0);
    assert_int_equal(merged->n_funds, 2);
    assert_string_equal(merged->funds[0], "jeugdfonds");
    assert_string_equal(merged->funds[1], "stad");
    arena_free(arena);
}

// Without memory at any point it says so and nothing else.
static void
test_memory(void **state)
{
    struct bytes request = {.len = 0};
    uint32_t random = 3;
    int rc = -ENOMEM;

    (void)state;
    while (request.len < 400)
        fill_message(&request, DESC, &random, 0);
    for (size_t cap = 0; rc != 0; cap += 16) {
        struct arena *arena = arena_new(cap);
        ProtobufCMessage *message;
        struct fault fault;

        assert_non_null(arena);
        rc = unpack(arena, &request, &message, &fault);
        assert_true(rc == 0 || rc == -ENOMEM);
        assert_true(rc == 0 || cap < 65536);
        arena_free(arena);
    }
}

// Mutations of good requests: whatever passes is whole, and protobuf-c unpacks it as well (though not always
// to the same, as it loses fields of messages that come twice).
static void
test_mutations(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    static uint8_t packed[2 * sizeof((struct bytes *)0)->data];
    uint32_t random = 1;
    unsigned passed = 0;

    (void)state;
    assert_non_null(arena);
    for (unsigned round = 0; round < 100000; round++) {
        struct bytes bytes = {.len = 0};
        ProtobufCMessage *message;
        struct fault fault;

        while (bytes.len == 0)
            fill_message(&bytes, DESC, &random, 0);
        for (unsigned i = 0; i <= round % 3; i++)
            bytes.data[draw(&random, (uint32_t)bytes.len)] = (uint8_t)draw(&random, 256);
        if (unpack(arena, &bytes, &message, &fault) == 0) {
            ProtobufCMessage *theirs = protobuf_c_message_unpack(DESC, NULL, bytes.len, bytes.data);

            passed++;
            assert_non_null(theirs);
            protobuf_c_message_free_unpacked(theirs, NULL);
            assert_true(protobuf_c_message_check(message));
            assert_true(protobuf_c_message_get_packed_size(message) <= sizeof packed);
            protobuf_c_message_pack(message, packed);
        }
        arena_reset(arena);
    }
    assert_true(passed > 1000);
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_path_in_a_batch),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_unknown_fields_are_dropped),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_unbounded_field),
        cmocka_unit_test(test_peek),
        cmocka_unit_test(test_as_protobuf_c_does),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_mutations),
    };

    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
