// SPDX-License-Identifier: Apache-2.0
// The check of bytes before they are unpacked.
#include "rpc/wire.h"
#include "tests/unit/unit.h"
#include <kansen/v1/protocol.pb-c.h>
#include <string.h>

#define DESC (&kansen__v1__request__descriptor)

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
check(const struct bytes *bytes, struct fault *fault)
{
    *fault = (struct fault){0};
    return wire_check(DESC, bytes->data, bytes->len, WIRE_ELEMENTS_MAX, fault);
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

// The packed form of a request with a bit of everything in it.
static void
fill_sample(struct bytes *bytes)
{
    char *funds[] = {(char *)"jeugdfonds"};
    Kansen__V1__Weekday weekdays[] = {1, 3};
    Kansen__V1__WantedInterest interest = KANSEN__V1__WANTED_INTEREST__INIT, *interests[] = {&interest};
    Kansen__V1__Point at = KANSEN__V1__POINT__INIT;
    Kansen__V1__Query query = KANSEN__V1__QUERY__INIT;
    Kansen__V1__MatchRequest match = KANSEN__V1__MATCH_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;

    interest.code = (char *)"sport.voetbal";
    at.lat_e6 = 51919170;
    at.lon_e6 = -4388610;
    query.origin_case = KANSEN__V1__QUERY__ORIGIN_AT;
    query.at = &at;
    query.n_interests = 1;
    query.interests = interests;
    query.n_weekdays = 2;
    query.weekdays = weekdays;
    query.n_funds = 1;
    query.funds = funds;
    query.tie_seed = UINT64_MAX;
    match.query = &query;
    request.id = 1;
    request.body_case = KANSEN__V1__REQUEST__BODY_MATCH;
    request.match = &match;
    assert_true(kansen__v1__request__get_packed_size(&request) <= sizeof bytes->data);
    bytes->len = kansen__v1__request__pack(&request, bytes->data);
}

// What passes the check is unpacked, whatever the bytes are: mutations of a good request.
static void
test_what_passes_is_unpacked(void **state)
{
    uint32_t random = 1;
    unsigned passed = 0;

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        struct bytes bytes = {.len = 0};
        struct fault fault;

        fill_sample(&bytes);
        for (unsigned i = 0; i <= round % 3; i++) {
            random = random * 1664525 + 1013904223;
            bytes.data[(random >> 8) % bytes.len] = (uint8_t)random;
        }
        if (check(&bytes, &fault) == 0) {
            Kansen__V1__Request *request = kansen__v1__request__unpack(NULL, bytes.len, bytes.data);

            passed++;
            assert_non_null(request);
            kansen__v1__request__free_unpacked(request, NULL);
        }
    }
    assert_true(passed > 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_path_in_a_batch),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_peek),
        cmocka_unit_test(test_what_passes_is_unpacked),
    };

    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
