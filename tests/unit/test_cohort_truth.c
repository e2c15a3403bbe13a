// SPDX-License-Identifier: Apache-2.0
// No list but the true one gets a student a better place: three students and three offers, every profile of
// lists, every other list of every student; seats, reserves, referrals, classes, ineligible pairs and numbers
// at random. And the numbers of the lottery: whoever else takes
// part, two students keep their order.
#include "cohort/allocate.h"
#include "cohort/lottery.h"
#include "tests/bench/dice.h"
#include "tests/unit/unit.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N          3u  // students, and offers
#define LISTS      16u // ordered lists of some of three offers
#define PROFILES   (LISTS * LISTS * LISTS)
#define STRUCTURES 300u
#define BLOCK      (1u << 19)
#define CROWD      200u

static _Alignas(64) uint8_t block[BLOCK];

// All lists: the empty one, 3 of one offer, 6 of two, 6 of three; ended by COHORT_NONE.
static void
all_lists(uint32_t lists[LISTS][N + 1])
{
    uint32_t n = 0;

    memset(lists, 0xFF, LISTS * sizeof lists[0]);
    n++;
    for (uint32_t a = 0; a < N; a++)
        lists[n++][0] = a;
    for (uint32_t a = 0; a < N; a++)
        for (uint32_t b = 0; b < N; b++)
            if (a != b) {
                lists[n][0] = a;
                lists[n++][1] = b;
                lists[n][0] = a;
                lists[n][1] = b;
                lists[n++][2] = N - a - b;
            }
    assert_int_equal(n, LISTS);
}

struct structure {
    struct cohort_offer offers[N];
    uint8_t flags[N];
    uint32_t class[N][N], rank[N], by_rank[N];
};

static struct structure
make_structure(struct dice *dice)
{
    struct structure s;

    for (uint32_t i = 0; i < N; i++) {
        s.offers[i] = (struct cohort_offer){(uint16_t)dice_below(dice, 3), (uint16_t)dice_below(dice, 3)};
        s.flags[i] = dice_percent(dice, 40) ? COHORT_REFERRED : 0;
        for (uint32_t j = 0; j < N; j++)
            s.class[i][j] = dice_percent(dice, 10) ? COHORT_INELIGIBLE : dice_below(dice, 3);
        s.by_rank[i] = s.by_rank[i / 2];
        s.by_rank[i / 2] = i;
    }
    for (uint32_t l = 0; l < N; l++)
        s.rank[s.by_rank[l]] = l;
    return s;
}

// The offer that each student gets when these lists are handed in; COHORT_INELIGIBLE ones count as none.
static void
outcome(const struct structure *s, uint32_t lists[LISTS][N + 1], const uint32_t profile[N], uint32_t got[N])
{
    struct cohort_wish wishes[N * N];
    struct cohort_place places[N];
    uint32_t list[N + 1] = {0};
    struct cohort cohort = {.n_students = N, .n_offers = N, .flags = s->flags, .list = list};
    struct cohort_lottery lottery = {s->rank, s->by_rank, NULL};

    cohort.wishes = wishes;
    cohort.offers = s->offers;
    for (uint32_t i = 0; i < N; i++) {
        list[i + 1] = list[i];
        for (uint32_t place = 0; lists[profile[i]][place] != COHORT_NONE; place++) {
            uint32_t j = lists[profile[i]][place];

            wishes[list[i + 1]++] = (struct cohort_wish){j, s->class[i][j]};
        }
    }
    allocate_run(&cohort, &lottery, s->by_rank, block, places);
    for (uint32_t i = 0; i < N; i++)
        got[i] = places[i].offer;
}

// How good an offer is to whom this list is the truth: what is not on it is worse than nothing.
static uint32_t
worth(const uint32_t list[N + 1], uint32_t offer)
{
    uint32_t place = 0;

    if (offer == COHORT_NONE)
        return 1;
    for (; list[place] != COHORT_NONE; place++)
        if (list[place] == offer)
            return 2 + N - place;
    return 0;
}

static void
test_no_other_list_helps(void **state)
{
    static uint32_t got[PROFILES][N];
    static const uint32_t weight[N] = {1, LISTS, LISTS * LISTS};
    uint32_t lists[LISTS][N + 1];
    struct dice dice = dice_new(7, 2);

    (void)state;
    all_lists(lists);
    for (uint32_t n = 0; n < STRUCTURES; n++) {
        struct structure s = make_structure(&dice);

        for (uint32_t p = 0; p < PROFILES; p++)
            outcome(&s, lists, (uint32_t[]){p % LISTS, p / LISTS % LISTS, p / LISTS / LISTS}, got[p]);
        for (uint32_t p = 0; p < PROFILES; p++)
            for (uint32_t i = 0; i < N; i++) {
                uint32_t truth = p / weight[i] % LISTS, base = p - truth * weight[i];

                for (uint32_t lie = 0; lie < LISTS; lie++)
                    assert_true(worth(lists[truth], got[base + lie * weight[i]][i]) <=
                                worth(lists[truth], got[p][i]));
            }
    }
}

struct crowd {
    struct cohort cohort;
    char bytes[CROWD * 8];
    uint32_t start[CROWD + 1], list[CROWD + 1], rank[CROWD], student[CROWD], own[CROWD * 2];
    struct cohort_wish wishes[CROWD * 2];
};

// Students s000000, s000001 ..., every step-th of them; each lists both offers.
static void
gather(struct crowd *crowd, uint32_t step)
{
    static const uint32_t offer_start[] = {0, 1, 2};
    uint32_t n = 0;

    for (uint32_t i = 0; i < CROWD; i += step, n++) {
        char ref[9];

        snprintf(ref, sizeof ref, "s%06u", i);
        memcpy(crowd->bytes + n * 7u, ref, 7);
        crowd->start[n + 1] = (n + 1) * 7;
        crowd->wishes[2 * n] = (struct cohort_wish){0, 0};
        crowd->wishes[2 * n + 1] = (struct cohort_wish){1, COHORT_INELIGIBLE};
        crowd->list[n + 1] = 2 * (n + 1);
    }
    crowd->start[0] = crowd->list[0] = 0;
    crowd->cohort = (struct cohort){.n_students = n, .n_offers = 2, .list = crowd->list};
    crowd->cohort.wishes = crowd->wishes;
    crowd->cohort.student_refs = (struct cohort_refs){crowd->bytes, crowd->start};
    crowd->cohort.offer_refs = (struct cohort_refs){"ab", offer_start};
}

static void
test_who_else_takes_part_changes_no_order(void **state)
{
    static struct crowd all, some;
    uint8_t seed[2][LOTTERY_BYTES] = {{1}, {2}}, which[CROWD], h[CROWD][LOTTERY_BYTES];
    struct lottery_seeds seeds = {seed, which};

    (void)state;
    for (uint32_t i = 0; i < CROWD; i++)
        which[i] = i % 3 == 0; // those of an earlier round
    gather(&all, 1);
    assert_true(lottery_draw_size(CROWD) <= BLOCK);
    lottery_draw(&all.cohort, &seeds, block, all.rank, all.student);
    for (uint32_t i = 0; i < CROWD; i++)
        lottery_hash(seed[which[i]], all.bytes + 7 * i, 7, h[i]);
    for (uint32_t l = 1; l < CROWD; l++)
        assert_true(memcmp(h[all.student[l - 1]], h[all.student[l]], LOTTERY_BYTES) < 0);
    for (uint32_t i = 0; i < CROWD / 2; i++)
        which[i] = 2 * i % 3 == 0;
    gather(&some, 2);
    lottery_draw(&some.cohort, &seeds, block, some.rank, some.student);
    for (uint32_t i = 0; i < CROWD / 2; i++)
        for (uint32_t j = 0; j < CROWD / 2; j++)
            assert_int_equal(some.rank[i] < some.rank[j], all.rank[2 * i] < all.rank[2 * j]);
}

// Where the second offer draws of its own, the number is the place by its own hash among those who list it.
static void
test_an_offer_that_draws_of_its_own(void **state)
{
    static const uint8_t drawn_at[] = {0, 1};
    static struct crowd crowd;
    uint8_t seed[1][LOTTERY_BYTES] = {{9}}, h[LOTTERY_BYTES], other[LOTTERY_BYTES];
    struct lottery_seeds seeds = {seed, NULL};
    uint32_t differ = 0;

    (void)state;
    gather(&crowd, 1);
    lottery_draw(&crowd.cohort, &seeds, block, crowd.rank, crowd.student);
    assert_true(lottery_draw_at_size(&crowd.cohort, drawn_at) <= BLOCK);
    lottery_draw_at(&crowd.cohort, &seeds, drawn_at, crowd.rank, block, crowd.own);
    for (uint32_t i = 0; i < CROWD; i++) {
        uint32_t before = 0;

        lottery_hash_at(seed[0], crowd.bytes + 7 * i, 7, "b", 1, h);
        for (uint32_t j = 0; j < CROWD; j++) {
            lottery_hash_at(seed[0], crowd.bytes + 7 * j, 7, "b", 1, other);
            before += memcmp(other, h, sizeof h) < 0;
        }
        assert_int_equal(crowd.own[2 * i], crowd.rank[i]);
        assert_int_equal(crowd.own[2 * i + 1], before);
        differ += before != crowd.rank[i];
    }
    assert_true(differ > CROWD / 2);
}

// The same reference twice can not be, but it has the same h: then the index decides.
static void
test_equal_hashes_go_by_index(void **state)
{
    static struct crowd crowd;
    uint8_t seed[1][LOTTERY_BYTES] = {{3}};
    struct lottery_seeds seeds = {seed, NULL};

    (void)state;
    gather(&crowd, 1);
    for (uint32_t i = 1; i < CROWD; i += 2)
        memcpy(crowd.bytes + 7 * i, crowd.bytes + 7 * (i - 1), 7);
    lottery_draw(&crowd.cohort, &seeds, block, crowd.rank, crowd.student);
    for (uint32_t i = 1; i < CROWD; i += 2)
        assert_int_equal(crowd.rank[i], crowd.rank[i - 1] + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_other_list_helps),
        cmocka_unit_test(test_who_else_takes_part_changes_no_order),
        cmocka_unit_test(test_an_offer_that_draws_of_its_own),
        cmocka_unit_test(test_equal_hashes_go_by_index),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
