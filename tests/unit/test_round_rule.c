// SPDX-License-Identifier: Apache-2.0
// The rule of classes: what is read, what is refused, and what each condition means; and the table of a
// round's life.
#include "store/store.h"
#include "tests/unit/unit.h"
#include "work/round_class.h"
#include "work/round_life.h"
#include "work/round_rule.h"
#include <stdio.h>
#include <string.h>

#define HEAD "rule test 1\nlabel 0 yes\nlabel 1 no\n"

static struct arena *
fresh_arena(void)
{
    struct arena *arena = arena_new(1 << 20);

    assert_non_null(arena);
    return arena;
}

// ---- Reading

static void
refused(const char *text, const char *words)
{
    struct arena *arena = fresh_arena();
    struct round_rule *rule;
    struct fault fault = {0};

    assert_int_equal(round_rule_parse(text, arena, &rule, &fault), FAULT);
    assert_string_equal(fault.field, "plan.rule");
    if (strstr(fault.message, words) == NULL)
        fail_msg("'%s' does not say '%s'", fault.message, words);
    arena_free(arena);
}

static void
test_refused(void **state)
{
    (void)state;
    refused("", "no line 'else'");
    refused("rule test 1", "line feed");
    refused("rule test\n", "line 1");
    refused("rule Test 1\n", "line 1");
    refused("rule test 01\n", "line 1");
    refused("label 0 x\n", "line 1");
    refused(HEAD "\n", "one space");
    refused(HEAD "else  a class 0\n", "one space");
    refused(HEAD "when a class 0 referred \nelse b class 1\n", "one space");
    refused(HEAD "label 1 again\nelse a class 0\n", "sorted");
    refused(HEAD "else a class 2\n", "class 2 of line 'a' has no label");
    refused(HEAD "else a class 4294967295\n", "4294967294");
    refused(HEAD "else a class 0 referred\n", "no conditions");
    refused(HEAD "else a class 0\nelse b class 0\n", "order");
    refused(HEAD "else a class 0\nwhen b class 0 referred\n", "order");
    refused(HEAD "when a class 0 referred\n", "no line 'else'");
    refused(HEAD "when a class 0\nelse b class 1\n", "condition is missing");
    refused(HEAD "when a class 0 not\nelse b class 1\n", "condition is missing");
    refused(HEAD "when a class 0 referred reserved\nelse b class 1\n", "separated by &");
    refused(HEAD "when a class 0 same level\nelse b class 1\n", "wants 2 words");
    refused(HEAD "when a class 0 same Level level\nelse b class 1\n", "no name of a fact");
    refused(HEAD "when a class 0 student level -\nelse b class 1\n", "no value");
    refused(HEAD "when a class 0 atleast age 4294967296\nelse b class 1\n", "no number");
    refused(HEAD "when a class 0 within home place 1000001\nelse b class 1\n", "metres");
    refused(HEAD "when a class 0 rank 1\nelse b class 1\n", "is no condition");
}

// What is not enough memory is told as such, at every allocation.
static void
test_memory(void **state)
{
    bool done = false;

    (void)state;
    for (size_t cap = 0; !done; cap += 256) {
        struct arena *arena = arena_new(cap);
        struct round_rule *rule;
        struct fault fault;

        assert_non_null(arena);
        switch (round_rule_parse(HEAD "when a class 0 referred\nelse b class 1\n", arena, &rule, &fault)) {
        case 0:
            done = true;
            break;
        case STORE_FAULT_MEMORY:
            break;
        default:
            fail();
        }
        arena_free(arena);
        assert_true(cap < 1 << 20);
    }
}

// ---- Classes

static char *student_facts[] = {"age=17", "home=A", "home=B", "level=mbo3", "level=mbo4"};
static char *offer_facts[] = {"kind=sport", "level=mbo3", "min_age=16", "place=C", "place=D"};

static Kansen__V1__Point points[] = {
    {PROTOBUF_C_MESSAGE_INIT(&kansen__v1__point__descriptor), 52000000, 4000000},
    {PROTOBUF_C_MESSAGE_INIT(&kansen__v1__point__descriptor), -52000000, -4000000},
    {PROTOBUF_C_MESSAGE_INIT(&kansen__v1__point__descriptor), 52008994,
     4000000}, // 1,000 m and a bit north of A
};
static Kansen__V1__RoundPlace records[] = {
    {PROTOBUF_C_MESSAGE_INIT(&kansen__v1__round_place__descriptor), "A", &points[0]},
    {PROTOBUF_C_MESSAGE_INIT(&kansen__v1__round_place__descriptor), "B", &points[1]},
    {PROTOBUF_C_MESSAGE_INIT(&kansen__v1__round_place__descriptor), "C", &points[2]},
};
static Kansen__V1__RoundPlace *const places[] = {&records[0], &records[1], &records[2]};

// Whether conditions hold for the pair of these facts.
static bool
holds(const char *conditions, bool referred, bool reserved)
{
    const struct round_places all = {places, 3};
    struct round_pair pair = {.referred = referred,
                              .reserved = reserved,
                              .student = {student_facts, 5},
                              .offer = {offer_facts, 5},
                              .places = &all};
    struct arena *arena = fresh_arena();
    struct round_rule *rule = NULL;
    struct fault fault;
    const char *line;
    char text[256];
    uint32_t class;

    snprintf(text, sizeof text, HEAD "when first class 0 %s\nelse second class 1\n", conditions);
    assert_int_equal(round_rule_parse(text, arena, &rule, &fault), 0);
    class = round_class_of(rule, &pair, &line);
    assert_string_equal(line, class == 0 ? "first" : "second");
    assert_string_equal(round_rule_label(rule, class), class == 0 ? "yes" : "no");
    arena_free(arena);
    return class == 0;
}

// A rule with so many lines `when` before its `else`.
static const char *
long_rule(unsigned lines, char *text, size_t size)
{
    size_t len = (size_t)snprintf(text, size, HEAD);

    for (unsigned i = 0; i < lines; i++)
        len += (size_t)snprintf(text + len, size - len, "when l%u class 0 referred\n", i);
    snprintf(text + len, size - len, "else last class 1\n");
    return text;
}

static void
test_lines(void **state)
{
    char text[257 * 32 + 100];
    struct arena *arena = fresh_arena();
    struct round_rule *rule = NULL;
    struct fault fault;

    (void)state;
    assert_int_equal(round_rule_parse(long_rule(256, text, sizeof text), arena, &rule, &fault), 0);
    arena_free(arena);
    refused(long_rule(257, text, sizeof text), "more than 256 lines 'when'");
}

static void
test_conditions(void **state)
{
    (void)state;
    assert_true(holds("referred", true, false));
    assert_false(holds("referred", false, true));
    assert_true(holds("not referred", false, false));
    assert_true(holds("reserved", false, true));
    assert_false(holds("referred & reserved", true, false));
    assert_true(holds("student home B", false, false));
    assert_false(holds("student home C", false, false));
    assert_false(holds("student hom B", false, false)); // a name is a whole one
    assert_true(holds("offer kind sport", false, false));
    assert_false(holds("offer kind spor", false, false));
    assert_true(holds("same level level", false, false));
    assert_false(holds("same home place", false, false));
    assert_false(holds("subset level level", false, false));
    assert_true(holds("subset none level", false, false)); // no value is a part of any
    assert_true(holds("atleast age min_age", false, false));
    assert_true(holds("atleast age 17", false, false));
    assert_false(holds("atleast age 18", false, false));
    assert_true(holds("atmost age 17", false, false));
    assert_false(holds("atmost age min_age", false, false));
    assert_true(holds("atleast none 99 & atmost age none", false, false)); // without a value it holds
    assert_true(holds("within home place 1000", false, false));
    assert_false(holds("within home place 999", false, false));
    assert_false(holds("within home home 0", false, false)); // the offer has no such fact
    assert_false(holds("within none place 1000000", false, false));
}

static bool
is_place(void *arg, const char *code)
{
    (void)arg;
    return strcmp(code, "A") == 0;
}

static void
test_facts(void **state)
{
    static char *good[] = {"age=17", "home=A"}, *late[] = {"home=A", "age=17"}, *twice[] = {"a=1", "a=1"},
                *word[] = {"age=x"}, *nowhere[] = {"home=B"}, *bare[] = {"age"}, *nothing[] = {"age="};
    struct arena *arena = fresh_arena();
    struct round_rule *rule = NULL;
    struct fault fault;
    const struct {
        struct round_facts facts;
        int rc;
    } rows[] = {{{good, 2}, 0},     {{good, 0}, 0},     {{late, 2}, FAULT},    {{twice, 2}, FAULT},
                {{word, 1}, FAULT}, {{bare, 1}, FAULT}, {{nowhere, 1}, FAULT}, {{nothing, 1}, FAULT}};

    (void)state;
    assert_int_equal(round_rule_parse(HEAD
                                      "when a class 0 atleast age 16 & within home place 5\nelse b class 1\n",
                                      arena, &rule, &fault),
                     0);
    assert_true(round_rule_measures(rule));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(round_class_check(rule, &rows[i].facts, is_place, NULL, &fault), rows[i].rc);
    arena_free(arena);
}

// ---- The life of a round

static void
test_life(void **state)
{
    Kansen__V1__RoundState next;
    char allowed[160];

    (void)state;
    for (int from = 0; from <= KANSEN__V1__ROUND_STATE__ROUND_STATE_FORGOTTEN; from++) {
        unsigned ways = 0;

        for (unsigned event = 0; event < ROUND_EVENTS; event++)
            ways += round_life_move((Kansen__V1__RoundState)from, (enum round_event)event, &next) ? 1 : 0;
        // Only what has ended leads nowhere, and each word of what is allowed is a step that is.
        assert_int_equal(ways == 0, from == KANSEN__V1__ROUND_STATE__ROUND_STATE_UNSPECIFIED ||
                                        from == KANSEN__V1__ROUND_STATE__ROUND_STATE_FORGOTTEN);
        round_life_allowed((Kansen__V1__RoundState)from, allowed, sizeof allowed);
        for (unsigned event = 0; event < ROUND_IS_FROZEN; event++)
            assert_int_equal(strstr(allowed, round_life_name((enum round_event)event)) != NULL,
                             round_life_move((Kansen__V1__RoundState)from, (enum round_event)event, &next));
    }
    round_life_allowed(KANSEN__V1__ROUND_STATE__ROUND_STATE_DRAWN, allowed, sizeof allowed);
    assert_string_equal(allowed, "compute, revise, cancel");
    round_life_allowed(KANSEN__V1__ROUND_STATE__ROUND_STATE_DRAWN, allowed, 6);
    assert_string_equal(allowed, "compu");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_memory), cmocka_unit_test(test_lines),
        cmocka_unit_test(test_conditions), cmocka_unit_test(test_facts),  cmocka_unit_test(test_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
