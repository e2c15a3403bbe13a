// SPDX-License-Identifier: Apache-2.0
// The base layer: arena, buffer, dates, distances, text, faults.
#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/fault.h"
#include "base/geo.h"
#include "base/text.h"
#include "tests/unit/unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
test_arena_zeroes_aligns_and_caps(void **state)
{
    struct arena *arena = arena_new(64 * 1024);
    unsigned char *piece;

    (void)state;
    assert_non_null(arena);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 200; size++) {
            piece = arena_alloc(arena, size);
            assert_non_null(piece);
            assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(piece[i], 0);
            memset(piece, 0xFF, size);
        }
        assert_null(arena_alloc(arena, 64 * 1024));
        assert_null(arena_array(arena, SIZE_MAX / 2, 3));
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    assert_string_equal(arena_printf(arena, "%s-%d", "a", 7), "a-7");
    assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
    arena_free(arena);
    arena_free(NULL);
}

static void
test_buf_keeps_bytes_in_order(void **state)
{
    struct buf buf = {0};
    uint8_t next_in = 0, next_out = 0;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t add = (size_t)(round * 7 % 300), drop;

        for (size_t i = 0; i < add; i++) {
            assert_int_equal(buf_append(&buf, &next_in, 1), 0);
            next_in++;
        }
        drop = buf_len(&buf) < 150 ? buf_len(&buf) : 150;
        for (size_t i = 0; i < drop; i++)
            assert_int_equal(buf_bytes(&buf)[i], next_out++);
        buf_consume(&buf, drop);
    }
    buf_truncate(&buf, 0);
    assert_int_equal(buf_len(&buf), 0);
    buf_free(&buf);
}

static void
test_dates(void **state)
{
    static const char *const wrong[] = {"",         "2026-02-29",  "2026-13-01", "2026-00-10",
                                        "2026-1-1", "2026-11-23 ", "1899-12-31", "2200-01-01",
                                        "20261123", "2026-04-31"};
    char text[DATE_TEXT_MAX];
    int32_t days, first, last;

    (void)state;
    assert_int_equal(date_parse("1970-01-01", &days), 0);
    assert_int_equal(days, 0);
    assert_int_equal(date_parse("2024-02-29", &days), 0);
    assert_int_equal(days, 19782);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(date_parse(wrong[i], &days), 1);
    assert_int_equal(date_parse("1900-01-01", &first), 0);
    assert_int_equal(date_parse("2199-12-31", &last), 0);
    for (int32_t day = first; day <= last; day++) {
        assert_int_equal(date_parse(date_format(day, text), &days), 0);
        assert_int_equal(days, day);
    }
    assert_string_equal(date_format(DATE_NONE, text), "");
    assert_int_equal(date_of_time(-1), -1);
    assert_int_equal(date_of_time(INT64_C(86400000000)), 1);
}

static void
test_times(void **state)
{
    static const char *const wrong[] = {"",
                                        "2026-11-26",
                                        "2026-11-26T12:00:00",
                                        "2026-11-26T12:00Z",
                                        "2026-11-26T24:00:00Z",
                                        "2026-11-26T12:60:00Z",
                                        "2026-11-26T12:00:60Z",
                                        "2026-11-26 12:00:00Z",
                                        "2026-11-26t12:00:00z",
                                        "2026-11-31T12:00:00Z",
                                        "2026-11-26T12:00:00Z ",
                                        "2026-11-26T12:00:0xZ",
                                        "2026-11-26T12:00:00+00:00",
                                        "1899-12-31T12:00:00Z"};
    int64_t time_us;

    (void)state;
    assert_int_equal(date_parse_time("1970-01-01T00:00:00Z", &time_us), 0);
    assert_true(time_us == 0);
    assert_int_equal(date_parse_time("1969-12-31T23:59:59Z", &time_us), 0);
    assert_true(time_us == -1000000);
    assert_int_equal(date_parse_time("2026-11-26T12:34:56Z", &time_us), 0);
    assert_true(time_us == INT64_C(1795696496000000));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(date_parse_time(wrong[i], &time_us), 1);
}

static void
test_distances(void **state)
{
    struct geo_point schiedam = {51919170, 4388610}, delft = {52006670, 4355560};

    (void)state;
    assert_int_equal(geo_distance_m(schiedam, schiedam), 0);
    assert_int_equal(geo_distance_m(schiedam, delft), geo_distance_m(delft, schiedam));
    assert_in_range(geo_distance_m(schiedam, delft), 9900, 10100);
    assert_int_equal(geo_distance_m((struct geo_point){0, 0}, (struct geo_point){0, 180000000}), 20015114);
    assert_int_equal(geo_distance_m((struct geo_point){0, 0}, (struct geo_point){1000000, 0}), 111195);
}

static void
test_text(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    size_t characters;

    (void)state;
    assert_int_equal(text_check("Fryslân", strlen("Fryslân"), false, &characters), TEXT_FINE);
    assert_int_equal(characters, 7);
    assert_int_equal(text_check("\xff", 1, false, NULL), TEXT_NOT_UTF8);
    assert_int_equal(text_check("\xc0\xaf", 2, false, NULL), TEXT_NOT_UTF8);
    assert_int_equal(text_check("\xed\xa0\x80", 3, false, NULL), TEXT_NOT_UTF8);
    assert_int_equal(text_check("a\0b", 3, false, NULL), TEXT_NUL);
    assert_int_equal(text_check("a\nb", 3, false, NULL), TEXT_CONTROL);
    assert_int_equal(text_check("a\nb", 3, true, NULL), TEXT_FINE);
    assert_int_equal(text_check("\x1b[2J", 4, true, NULL), TEXT_CONTROL);
    assert_int_equal(text_check("\xc2\x85", 2, true, NULL), TEXT_CONTROL);
    assert_string_equal(text_fold(arena, "  Súdwest-FRYSLÂN \t x "), "sudwest-fryslan x");
    assert_string_equal(text_fold(arena, "Ĳsselstein"), "ijsselstein");
    arena_free(arena);
}

// Every byte at every place of a text, as some of it is looked at by eights.
static void
test_text_check_each_byte(void **state)
{
    (void)state;
    for (unsigned byte = 1; byte < 256; byte++) {
        enum text_flaw flaw = byte >= 0x80                  ? TEXT_NOT_UTF8
                              : byte < 0x20 || byte == 0x7F ? TEXT_CONTROL
                                                            : TEXT_FINE;

        for (size_t place = 0; place < 19; place++) {
            char text[] = "een tekst van 19 by";
            size_t characters = 0;

            text[place] = (char)byte;
            assert_int_equal(text_check(text, 19, false, &characters), flaw);
            assert_int_equal(characters, flaw == TEXT_FINE ? 19 : 0);
            if (byte == '\n' || byte == '\t')
                assert_int_equal(text_check(text, 19, true, NULL), TEXT_FINE);
        }
    }
}

static void
test_fault_is_cut_between_characters(void **state)
{
    struct fault fault;
    char longer[1200];

    (void)state;
    for (size_t i = 0; i + 2 < sizeof longer; i += 2)
        memcpy(longer + i, "é", 3);
    assert_int_equal(fault_set(&fault, CODE_INVALID_ARGUMENT, "offer.title", "x%s", longer), FAULT);
    assert_int_equal(text_check(fault.message, strlen(fault.message), false, NULL), TEXT_FINE);
    assert_in_range(strlen(fault.message), FAULT_MESSAGE_MAX - 4, FAULT_MESSAGE_MAX - 1);
    fault_set(&fault, CODE_NOT_FOUND, "", "short é");
    assert_string_equal(fault.message, "short é");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_zeroes_aligns_and_caps),
        cmocka_unit_test(test_buf_keeps_bytes_in_order),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_distances),

        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_check_each_byte),
        cmocka_unit_test(test_fault_is_cut_between_characters),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
