// SPDX-License-Identifier: Apache-2.0
// Frames: every length class both ways, each prefix of a frame, limits, and what is no frame.
#include "proto/frame.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    size_t len;
    uint8_t header[FRAME_HEADER_MAX];
    size_t header_len;
} lengths[] = {
    {0, {0x00}, 1},
    {1, {0x01}, 1},
    {127, {0x7f}, 1},
    {128, {0x80, 0x01}, 2},
    {300, {0xac, 0x02}, 2},
    {16383, {0xff, 0x7f}, 2},
    {16384, {0x80, 0x80, 0x01}, 3},
    {1u << 20, {0x80, 0x80, 0x40}, 3},
    {2097152, {0x80, 0x80, 0x80, 0x01}, 4},
    {268435456, {0x80, 0x80, 0x80, 0x80, 0x01}, 5},
    {UINT32_MAX, {0xff, 0xff, 0xff, 0xff, 0x0f}, 5},
};

static void
test_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t header[FRAME_HEADER_MAX];
        struct frame frame;

        assert_int_equal(frame_encode_header(header, lengths[i].len), lengths[i].header_len);
        assert_memory_equal(header, lengths[i].header, lengths[i].header_len);
        // Without its payload the frame is not whole, unless it has none.
        assert_int_equal(frame_decode(header, lengths[i].header_len, UINT32_MAX, &frame),
                         lengths[i].len == 0 ? FRAME_WHOLE : FRAME_PARTIAL);
        assert_int_equal(frame.header_len, lengths[i].header_len);
        assert_int_equal(frame.payload_len, lengths[i].len);
    }
}

static void
test_prefixes(void **state)
{
    uint8_t data[2 + 300] = {0xac, 0x02};
    struct frame frame;

    (void)state;
    for (size_t len = 0; len < sizeof data; len++) {
        assert_int_equal(frame_decode(data, len, 300, &frame), FRAME_PARTIAL);
        assert_int_equal(frame.payload_len, len < 2 ? 0 : 300);
    }
    assert_int_equal(frame_decode(data, sizeof data, 300, &frame), FRAME_WHOLE);
    assert_int_equal(frame.header_len, 2);
}

static void
test_two_frames(void **state)
{
    static const uint8_t data[] = {0x02, 'a', 'b', 0x01, 'c'};
    struct frame frame;

    (void)state;
    assert_int_equal(frame_decode(data, sizeof data, 10, &frame), FRAME_WHOLE);
    assert_int_equal(frame.header_len + frame.payload_len, 3);
    assert_int_equal(frame_decode(data + 3, 2, 10, &frame), FRAME_WHOLE);
    assert_int_equal(frame.payload_len, 1);
}

static void
test_limit(void **state)
{
    static const uint8_t data[] = {0xac, 0x02};
    struct frame frame;

    (void)state;
    assert_int_equal(frame_decode(data, 2, 299, &frame), FRAME_TOO_LARGE);
    assert_int_equal(frame.payload_len, 300);
    assert_int_equal(frame_decode(data, 1, 299, &frame), FRAME_PARTIAL);
}

static void
test_malformed(void **state)
{
    static const uint8_t bad[][6] = {
        {0x80, 0x00},                         // 0, not in its shortest form
        {0xff, 0x00},                         // 127, likewise
        {0x80, 0x80, 0x80, 0x80, 0x10},       // 2^32
        {0xff, 0xff, 0xff, 0xff, 0x80, 0x01}, // more than five bytes
        {0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
    };
    struct frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(frame_decode(bad[i], sizeof bad[i], SIZE_MAX, &frame), FRAME_MALFORMED);
        assert_int_equal(frame.payload_len, 0);
    }
    // It is known before the frame ends.
    assert_int_equal(frame_decode(bad[3], 5, SIZE_MAX, &frame), FRAME_MALFORMED);
    assert_int_equal(frame_decode(bad[3], 4, SIZE_MAX, &frame), FRAME_PARTIAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers), cmocka_unit_test(test_prefixes),  cmocka_unit_test(test_two_frames),
        cmocka_unit_test(test_limit),   cmocka_unit_test(test_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
