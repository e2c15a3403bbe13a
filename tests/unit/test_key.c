// SPDX-License-Identifier: Apache-2.0
// Golden bytes of every key format: a change here is a new format of the store.
#include "store/key.h"
#include "store/offer_row.h"
#include "tests/unit/unit.h"
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
    struct key answer;

    (void)state;
    ASSERT_KEY(key_u16(3111), "\x0c\x27");
    ASSERT_KEY(key_u64(0x0102030405060708), "\x01\x02\x03\x04\x05\x06\x07\x08");
    ASSERT_KEY(key_text("GM0606"), "GM0606");
    ASSERT_KEY(key_external("local", "p-1"), "local\0p-1");
    ASSERT_KEY(key_pair(1, 258), "\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x01\x02");
    ASSERT_KEY(key_accreditation(25655, 7, 2), "\0\0\x64\x37\0\0\0\0\0\0\0\x07\0\0\0\x02");
    ASSERT_KEY(key_cell(0x01020304, 5), "\x01\x02\x03\x04\0\0\0\0\0\0\0\x05");
    ASSERT_KEY(key_triple(1, 2, 3), "\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03");
    ASSERT_KEY(key_student_seat((const uint8_t *)"0123456789abcdef", 7),
               "0123456789abcdef\0\0\0\0\0\0\0\x07");
    ASSERT_KEY(key_hold("local", 9), "local\0\0\0\0\0\0\0\0\x09");
    ASSERT_KEY(key_due(0x0102, 3, 4), "\0\0\0\0\0\0\x01\x02\x03\0\0\0\0\0\0\0\x04");
    ASSERT_KEY(key_decline(5, 6), "\0\0\0\0\0\0\0\x05\0\0\0\x06");
    answer = key_external("local", "k1");
    ASSERT_KEY(key_answer_age(1, &answer), "\0\0\0\0\0\0\0\x01local\0k1");
}

static void
test_order_is_number_order(void **state)
{
    struct key small = key_u64(255), large = key_u64(256);

    (void)state;
    assert_true(memcmp(small.bytes, large.bytes, small.len) < 0);
    small = key_cell(1, UINT64_MAX);
    large = key_cell(2, 0);
    assert_true(memcmp(small.bytes, large.bytes, small.len) < 0);
}

static void
test_reading_back(void **state)
{
    struct key key = key_cell(77, 99);

    (void)state;
    assert_int_equal(key_read_u32(key.bytes), 77);
    assert_int_equal(key_read_u64(key.bytes + 4), 99);
    assert_int_equal(key_read_u16(key_u16(9999).bytes), 9999);
}

static void
test_cells(void **state)
{
    struct geo_point schiedam = {51919170, 4388610};
    struct cell_range range;

    (void)state;
    assert_int_equal(cell_of((struct geo_point){-90000000, -180000000}), 0);
    assert_int_equal(cell_of((struct geo_point){-90000000, -180000000 + CELL_E6}), 1);
    assert_int_equal(cell_of(schiedam), 1135u * 4096 + 1475);
    range = cell_row_range(cell_row(schiedam.lat_e6), schiedam.lon_e6 - CELL_E6, schiedam.lon_e6 + CELL_E6);
    assert_int_equal(range.first, cell_of(schiedam) - 1);
    assert_int_equal(range.last, cell_of(schiedam) + 1);
    assert_true(cell_of((struct geo_point){90000000, 180000000}) < CELL_REMOTE);
    assert_true(cell_row_range(5, -180000000, 180000000).last <
                cell_row_range(6, -180000000, 180000000).first);
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
        cmocka_unit_test(test_golden_bytes), cmocka_unit_test(test_order_is_number_order),
        cmocka_unit_test(test_reading_back), cmocka_unit_test(test_cells),
        cmocka_unit_test(test_row_layout),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
