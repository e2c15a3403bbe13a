// SPDX-License-Identifier: Apache-2.0
// Cursors: their bytes, what is refused, and which queries are the same query.
#include "base/arena.h"
#include "match/cursor.h"
#include "tests/unit/unit.h"
#include <string.h>

static const struct cursor some = {
    .as_of = -12345, .score = 9876, .offer_id = 0x0102030405060708, .digest = 42};

static void
test_bytes_come_back(void **state)
{
    uint8_t bytes[CURSOR_BYTES];
    struct cursor back;

    (void)state;
    cursor_encode(&some, bytes);
    assert_int_equal(bytes[0], 1);
    assert_true(cursor_decode(bytes, sizeof bytes, &back));
    assert_int_equal(back.as_of, some.as_of);
    assert_int_equal(back.score, some.score);
    assert_true(back.offer_id == some.offer_id);
    assert_true(back.digest == some.digest);
}

static void
test_every_altered_bit_is_seen(void **state)
{
    uint8_t bytes[CURSOR_BYTES];
    struct cursor back;

    (void)state;
    cursor_encode(&some, bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(cursor_decode(bytes, sizeof bytes, &back));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < sizeof bytes; len++)
        assert_false(cursor_decode(bytes, len, &back));
}

// ---- The digest. These queries are resolved by hand: only what the digest reads is filled in.

struct asked {
    Kansen__V1__Query wire;
    struct query query;
    Kansen__V1__WantedInterest interests[2];
    Kansen__V1__WantedInterest *list[2];
    char *funds[3];
};

static void
ask(struct asked *asked, const char *first, uint32_t first_weight, const char *second, uint32_t second_weight)
{
    *asked = (struct asked){.wire = KANSEN__V1__QUERY__INIT,
                            .query = {.radius_m = 25000, .limit = 20, .weight_interest = 60, .n_wanted = 2}};
    for (size_t i = 0; i < 2; i++) {
        kansen__v1__wanted_interest__init(&asked->interests[i]);
        asked->interests[i].code = (char *)(i == 0 ? first : second);
        asked->query.wanted[i].weight = (uint16_t)(i == 0 ? first_weight : second_weight);
        asked->list[i] = &asked->interests[i];
    }
    asked->wire.n_interests = 2;
    asked->wire.interests = asked->list;
    asked->wire.funds = asked->funds;
}

static uint64_t
digest_of(const struct asked *asked)
{
    struct arena *arena = arena_new(1 << 20);
    uint64_t digest;

    assert_int_equal(cursor_digest(&asked->query, &asked->wire, arena, &digest), 0);
    arena_free(arena);
    return digest;
}

static void
test_same_questions_have_one_digest(void **state)
{
    struct asked a, b;

    (void)state;
    ask(&a, "sport", 10, "techniek", 5);
    ask(&b, "techniek", 5, "sport", 10);
    b.wire.limit = 20;          // the default, given
    b.interests[1].weight = 10; // likewise
    assert_true(digest_of(&a) == digest_of(&b));
    a.wire.n_funds = 2;
    a.funds[0] = (char *)"x";
    a.funds[1] = (char *)"y";
    assert_true(digest_of(&a) != digest_of(&b));
    b.wire.n_funds = 3;
    b.funds[0] = b.funds[2] = (char *)"y";
    b.funds[1] = (char *)"x";
    assert_true(digest_of(&a) == digest_of(&b));
    b.wire.discover = 3;
    b.wire.as_of = (char *)"2026-01-01";
    b.wire.cursor = (ProtobufCBinaryData){3, (uint8_t *)(char[]){"abc"}};
    assert_true(digest_of(&a) == digest_of(&b));
}

static void
test_other_questions_have_another_digest(void **state)
{
    struct asked a, b;

    (void)state;
    ask(&a, "sport", 10, "techniek", 5);
    ask(&b, "sport", 5, "techniek", 10);
    assert_true(digest_of(&a) != digest_of(&b));
    b = a;
    b.wire.interests = b.list;
    b.query.limit = 21;
    assert_true(digest_of(&a) != digest_of(&b));
    b.query = a.query;
    b.query.kinds = 1;
    assert_true(digest_of(&a) != digest_of(&b));
    b.query.kinds = 0;
    b.wire.tie_seed = 1;
    assert_true(digest_of(&a) != digest_of(&b));
    b.wire.tie_seed = 0;
    b.wire.age_given_case = KANSEN__V1__QUERY__AGE_GIVEN_AGE;
    assert_true(digest_of(&a) != digest_of(&b)); // an age of 0 is an age
}

static void
test_cursor_of_another_query_is_refused(void **state)
{
    Kansen__V1__Query wire = KANSEN__V1__QUERY__INIT;
    struct query query = {.as_of = 100};
    uint8_t bytes[CURSOR_BYTES];
    struct cursor cursor;
    struct fault fault;

    (void)state;
    cursor_encode(&some, bytes);
    wire.cursor = (ProtobufCBinaryData){sizeof bytes, bytes};
    assert_int_equal(cursor_open(&query, &wire, some.digest + 1, &cursor, &fault), FAULT);
    assert_int_equal(fault.code, CODE_INVALID_ARGUMENT);
    assert_string_equal(fault.field, "query.cursor");
    assert_int_equal(cursor_open(&query, &wire, some.digest, &cursor, &fault), 0);
    assert_int_equal(query.as_of, some.as_of);
    query.as_of = 100;
    wire.as_of = (char *)"1970-04-11";
    assert_int_equal(cursor_open(&query, &wire, some.digest, &cursor, &fault), FAULT);
    assert_string_equal(fault.field, "query.cursor");
    query.as_of = some.as_of;
    assert_int_equal(cursor_open(&query, &wire, some.digest, &cursor, &fault), 0);
    wire.cursor.len--;
    assert_int_equal(cursor_open(&query, &wire, some.digest, &cursor, &fault), FAULT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_come_back),
        cmocka_unit_test(test_every_altered_bit_is_seen),
        cmocka_unit_test(test_same_questions_have_one_digest),
        cmocka_unit_test(test_other_questions_have_another_digest),
        cmocka_unit_test(test_cursor_of_another_query_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
