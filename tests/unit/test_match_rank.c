// SPDX-License-Identifier: Apache-2.0
// The order of matches: the tie numbers, and the best few of a stream against a plain sort and walk.
#include "match/rank.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <string.h>

#define STREAM_MAX 60u

static void
test_mix_is_the_documented_one(void **state)
{
    (void)state;
    // Worked out by another program from the definition.
    assert_true(rank_mix(1, 0) == UINT64_C(0xE220A8397B1DCDAF));
    assert_true(rank_mix(2, 0) == UINT64_C(0x6E789E6AA1B965F4));
    assert_true(rank_mix(1, 1) == UINT64_C(0x910A2DEC89025CC1));
    assert_true(rank_mix(UINT64_MAX, UINT64_C(1) << 63) == UINT64_C(0xF768BD32E7DB96EB));
    assert_true(rank_mix(12345, 0xDEADBEEF) == UINT64_C(0x91499E926DC82778));
}

static void
test_order_is_score_then_mix_then_id(void **state)
{
    struct ranked best = {.score = 10, .mix = 9, .offer_id = 9},
                  mixed = {.score = 9, .mix = 1, .offer_id = 9};
    struct ranked later = {.score = 9, .mix = 2, .offer_id = 1}, last = {.score = 9, .mix = 2, .offer_id = 2};

    (void)state;
    assert_true(rank_before(&best, &mixed));
    assert_true(rank_before(&mixed, &later));
    assert_true(rank_before(&later, &last));
    assert_false(rank_before(&last, &later));
    assert_false(rank_before(&last, &last));
}

static int
compare(const void *a, const void *b)
{
    return rank_before(a, b) ? -1 : rank_before(b, a);
}

// Sorts all, walks, and passes over groups that have their share: page gets the offers, the return is how
// many were walked.
static size_t
walk(struct ranked *stream, size_t n, size_t limit, uint32_t cap, struct ranked *page, size_t *n_page)
{
    size_t at = 0;

    qsort(stream, n, sizeof *stream, compare);
    for (*n_page = 0; at < n && *n_page < limit; at++) {
        uint32_t share = 0;

        for (size_t i = 0; i < *n_page; i++)
            share += page[i].group == stream[at].group;
        if (cap == 0 || share < cap)
            page[(*n_page)++] = stream[at];
    }
    return at;
}

static void
check_stream(struct arena *arena)
{
    struct ranked stream[STREAM_MAX], page[STREAM_MAX];
    size_t n = (size_t)rand() % STREAM_MAX, limit = 1 + (size_t)rand() % 12, n_page, walked;
    uint32_t cap = (uint32_t)rand() % 4;
    struct rank rank;

    arena_reset(arena);
    assert_int_equal(rank_init(&rank, arena, limit, cap), 0);
    for (size_t i = 0; i < n; i++) {
        stream[i] = (struct ranked){.score = (uint32_t)rand() % 4,
                                    .mix = (uint64_t)rand() % 4,
                                    .offer_id = i,
                                    .group = (uint64_t)rand() % 6};
        rank_add(&rank, &stream[i]);
    }
    walked = walk(stream, n, limit, cap, page, &n_page);
    assert_int_equal(rank.n, n_page);
    for (size_t i = 0; i < n_page; i++)
        assert_true(rank.best[i].offer_id == page[i].offer_id);
    assert_int_equal(rank_follows(&rank), walked < n);
}

static void
test_best_few_are_those_of_a_sort(void **state)
{
    struct arena *arena = arena_new(1 << 20);

    (void)state;
    srand(7);
    assert_non_null(arena);
    for (int i = 0; i < 20000; i++)
        check_stream(arena);
    arena_free(arena);
}

static void
test_memory_that_runs_out_is_said(void **state)
{
    struct arena *arena = arena_new(64);
    struct rank rank;

    (void)state;
    assert_true(rank_init(&rank, arena, 100, 0) < 0);
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mix_is_the_documented_one),
        cmocka_unit_test(test_order_is_score_then_mix_then_id),
        cmocka_unit_test(test_best_few_are_those_of_a_sort),
        cmocka_unit_test(test_memory_that_runs_out_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
