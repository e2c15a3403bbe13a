// SPDX-License-Identifier: Apache-2.0
// Golden bytes of every key format: a change here is a new format of the store.
#include "store/key.h"
#include "store/offer_row.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <string.h>

static void
assert_key(struct key key, const char *bytes, size_t len)
{
    assert_int_equal(key.len, len);
    assert_memory_equal(key.bytes, bytes, len);
}

#define ASSERT_KEY(key, literal) assert_key((key), (literal), sizeof(literal) - 1)

static void
test_golden_bytes(void **state)
{
    struct key answer, block;

    (void)state;
    ASSERT_KEY(key_u16(3111), "\x0c\x27");
    ASSERT_KEY(key_u64(0x0102030405060708), "\x01\x02\x03\x04\x05\x06\x07\x08");
    ASSERT_KEY(key_text("GM0606"), "GM0606");
    ASSERT_KEY(key_external("local", "p-1"), "local\0p-1");
    ASSERT_KEY(key_pair(1, 258), "\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x01\x02");
    ASSERT_KEY(key_accreditation(25655, 7, 2), "\0\0\x64\x37\0\0\0\0\0\0\0\x07\0\0\0\x02");
    ASSERT_KEY(key_block(KEY_BLOCK_SMALL, KEY_BLOCK_PLACED, (struct geo_point){51919170, 4388610}, 258),
               "\0\0\x00\xc4\x7f\x73\xc0\x5a\xa0\x0c\0\0\0\0\0\0\x01\x02");
    ASSERT_KEY(key_block(KEY_BLOCK_FULL, KEY_BLOCK_PLACED, (struct geo_point){-90000000, -180000000}, 5),
               "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05");
    ASSERT_KEY(key_block(KEY_BLOCK_FULL, KEY_BLOCK_REMOTE, (struct geo_point){51919170, 4388610}, 5),
               "\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05");
    block = key_block(KEY_BLOCK_FULL, KEY_BLOCK_REMOTE, (struct geo_point){0, 0}, 5);
    ASSERT_KEY(key_group(&block, 7), "\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\x07");
    ASSERT_KEY(key_triple(1, 2, 3), "\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03");
    ASSERT_KEY(key_student_seat((const uint8_t *)"0123456789abcdef", 7),
               "0123456789abcdef\0\0\0\0\0\0\0\x07");
    ASSERT_KEY(key_hold("local", 9), "local\0\0\0\0\0\0\0\0\x09");
    ASSERT_KEY(key_due(0x0102, 3, 4), "\0\0\0\0\0\0\x01\x02\x03\0\0\0\0\0\0\0\x04");
    ASSERT_KEY(key_decline(5, 6), "\0\0\0\0\0\0\0\x05\0\0\0\x06");
    ASSERT_KEY(key_round_student(2, (const uint8_t *)"0123456789abcdef0123456789abcdef"),
               "\0\0\0\0\0\0\0\x02\x30"
               "123456789abcdef0123456789abcdef");
    ASSERT_KEY(
        key_round_student(KEY_ROUND_UNFINISHED | 2, (const uint8_t *)"0123456789abcdef0123456789abcdef"),
        "\x80\0\0\0\0\0\0\x02\x30"
        "123456789abcdef0123456789abcdef");
    ASSERT_KEY(key_round_place(2, "GM0606"), "\0\0\0\0\0\0\0\x02GM0606");
    ASSERT_KEY(key_round_pin(2, 3, (const uint8_t *)"0123456789abcdef0123456789abcdef"),
               "\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\x30"
               "123456789abcdef0123456789abcdef");
    answer = key_external("local", "k1");
    ASSERT_KEY(key_answer_age(1, &answer), "\0\0\0\0\0\0\0\x01local\0k1");
}

static void
test_order_is_number_order(void **state)
{
    struct key small = key_u64(255), large = key_u64(256);

    (void)state;
    assert_true(memcmp(small.bytes, large.bytes, small.len) < 0);
    small = key_pair(1, UINT64_MAX);
    large = key_pair(2, 0);
    assert_true(memcmp(small.bytes, large.bytes, small.len) < 0);
}

static void
test_reading_back(void **state)
{
    struct key key = key_accreditation(77, 99, 3);

    (void)state;
    assert_int_equal(key_read_u32(key.bytes), 77);
    assert_int_equal(key_read_u64(key.bytes + 4), 99);
    assert_int_equal(key_read_u16(key_u16(9999).bytes), 9999);
}

// LMDB compares these as numbers of the machine.
static void
test_rows_lie_under_bare_numbers(void **state)
{
    static const uint64_t ids[] = {1, 256, 0x0102030405060708, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert_key(key_number(ids[i]), (const char *)&ids[i], sizeof ids[i]);
}

// Size and kind of place first, then the place, then the offer.
static void
test_order_of_blocks(void **state)
{
    struct geo_point south = {-90000000, -180000000}, north = {90000000, 180000000};
    struct key keys[] = {
        key_block(KEY_BLOCK_SMALL, KEY_BLOCK_PLACED, south, 0),
        key_block(KEY_BLOCK_SMALL, KEY_BLOCK_PLACED, south, UINT64_MAX),
        key_block(KEY_BLOCK_SMALL, KEY_BLOCK_PLACED, north, 0),
        key_block(KEY_BLOCK_SMALL, KEY_BLOCK_REMOTE, north, 1),
        key_block(KEY_BLOCK_SMALL, KEY_BLOCK_REMOTE, south, 2),
        key_block(KEY_BLOCK_FULL, KEY_BLOCK_PLACED, south, 0),
        key_block(KEY_BLOCK_FULL, KEY_BLOCK_REMOTE, south, 0),
    };

    (void)state;
    for (size_t i = 1; i < sizeof keys / sizeof keys[0]; i++) {
        assert_int_equal(keys[i].len, KEY_BLOCK_PREFIX + 16);
        assert_true(memcmp(keys[i - 1].bytes, keys[i].bytes, keys[i].len) < 0);
    }
}

static uint64_t
interleave(struct geo_point point)
{
    uint64_t north = (uint64_t)(point.lat_e6 + 90000000), east = (uint64_t)(point.lon_e6 + 180000000),
             code = 0;

    for (int bit = 0; bit < 32; bit++)
        code |= (east >> bit & 1) << (2 * bit) | (north >> bit & 1) << (2 * bit + 1);
    return code;
}

static void
test_morton_codes(void **state)
{
    (void)state;
    assert_true(key_morton((struct geo_point){-90000000, -180000000}) == 0);
    assert_true(key_morton((struct geo_point){-90000000, -179999999}) == 1);
    assert_true(key_morton((struct geo_point){-89999999, -180000000}) == 2);
    assert_true(key_morton((struct geo_point){0, 0}) == UINT64_C(0x006667E661998000));
    assert_true(key_morton((struct geo_point){51919170, 4388610}) == UINT64_C(0x00C47F73C05AA00C));
    assert_true(key_morton((struct geo_point){90000000, 180000000}) == UINT64_C(0x01999F9986660000));
    srandom(5);
    for (int i = 0; i < 100000; i++) {
        struct geo_point point = {(int32_t)(random() % 180000001 - 90000000),
                                  (int32_t)(random() % 360000001 - 180000000)};

        assert_true(key_morton(point) == interleave(point));
    }
}

static void
test_row_layout(void **state)
{
    (void)state;
    assert_int_equal(offsetof(struct offer_row, position), 16);
    assert_int_equal(offsetof(struct offer_row, seats), 48);
    assert_int_equal(offsetof(struct offer_row, interests), 60);
    assert_int_equal(offsetof(struct offer_row, kind), 108);
    assert_int_equal(offer_row_language("nl"), 0x6e6c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_bytes),    cmocka_unit_test(test_order_is_number_order),
        cmocka_unit_test(test_reading_back),    cmocka_unit_test(test_rows_lie_under_bare_numbers),
        cmocka_unit_test(test_order_of_blocks), cmocka_unit_test(test_morton_codes),
        cmocka_unit_test(test_row_layout),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
