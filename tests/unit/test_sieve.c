// SPDX-License-Identifier: Apache-2.0
// The sieve against a plain look at each slot, on random columns: in plain C, and in every variant for wide
// instructions.
#include "match/plan.h"
#include "match/sieve.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <string.h>

#define GROUPS   4u
#define SLOTS    (SIEVE_WORDS * 64u) // of a group
#define VARIANTS 3u
#define ROUNDS   3000

// A sieve with the columns that it points to. Columns start at odd addresses, as nothing promises better.
struct fixture {
    struct sieve sieve;
    uint8_t bits[SIEVE_COLUMNS_MAX][GROUPS * SIEVE_WORDS * sizeof(uint64_t) + 1];
    uint8_t also[SIEVE_WORDS * sizeof(uint64_t) + 1]; // a column of one group
    struct sieve_set left_out;
    uint32_t adds[QUERY_INTERESTS_MAX][SIEVE_STEPS];
    uint64_t masks[QUERY_INTERESTS_MAX][SIEVE_STEPS][SIEVE_PLANES]; // the same, bit by bit
    uint32_t most;                                                  // greatest sum
};

static unsigned
below(unsigned limit)
{
    return (unsigned)random() % limit;
}

// ---- Random sieves

// Between nobody and everybody, for the most part a few.
static void
fill_column(uint8_t *column, size_t bytes)
{
    unsigned thinness = below(6);

    for (size_t i = 0; i < bytes; i++) {
        unsigned bits = below(256);

        for (unsigned j = 0; j < thinness; j++)
            bits &= below(256);
        column[i] = (uint8_t)(thinness == 5 ? 0xFF : bits);
    }
}

static struct sieve_set
make_set(struct fixture *fixture, unsigned columns)
{
    struct sieve *sieve = &fixture->sieve;
    struct sieve_set set = {(uint16_t)sieve->n_columns, (uint16_t)columns};

    for (unsigned i = 0; i < columns; i++) {
        uint8_t *column = fixture->bits[sieve->n_columns] + 1;

        fill_column(column, sizeof fixture->bits[0] - 1);
        sieve->columns[sieve->n_columns++] = column;
    }
    return set;
}

static void
set_adds(struct fixture *fixture, size_t number, const uint32_t adds[SIEVE_STEPS])
{
    for (unsigned step = 0; step < SIEVE_STEPS; step++) {
        fixture->adds[number][step] = adds[step];
        for (unsigned plane = 0; plane < SIEVE_PLANES; plane++)
            fixture->masks[number][step][plane] = (adds[step] >> plane & 1) != 0 ? UINT64_MAX : 0;
    }
    fixture->sieve.wanted[number].adds = fixture->masks[number];
    fixture->most += adds[0];
}

// What is added is above 0, and all of it together not above what a sum can be.
static void
make_wanted(struct fixture *fixture, size_t number)
{
    struct sieve_wanted *wanted = &fixture->sieve.wanted[number];
    uint32_t room = SIEVE_SUM_MAX - fixture->most - (uint32_t)(fixture->sieve.n_wanted - number - 1);
    uint32_t most = 1 + below(below(2) == 0 ? room : (room < 10 ? room : 10));
    uint32_t adds[SIEVE_STEPS] = {most, 1 + below(most), 1 + below(most)};

    wanted->whole = below(3) == 0;
    for (unsigned step = 0; step < SIEVE_STEPS; step++)
        wanted->sets[step] = make_set(fixture, wanted->whole && step > 0 ? 0 : below(4));
    set_adds(fixture, number, adds);
}

static void
make_sieve(struct fixture *fixture)
{
    struct sieve *sieve = &fixture->sieve;

    sieve->n_columns = 0;
    sieve->n_filters = below(5);
    for (size_t i = 0; i < sieve->n_filters; i++)
        sieve->filters[i] = make_set(fixture, below(20) == 0 ? 0 : 1 + below(6));
    sieve->n_wanted = below(4) == 0 ? below(2) : below(QUERY_INTERESTS_MAX + 1);
    fixture->most = 0;
    for (size_t i = 0; i < sieve->n_wanted; i++)
        make_wanted(fixture, i);
    fixture->left_out = make_set(fixture, below(6));
    fill_column(fixture->also + 1, sizeof fixture->also - 1);
    sieve->small = below(3) == 0;
}

// ---- One slot at a time

static bool
is_in(const struct fixture *fixture, struct sieve_set set, size_t group, size_t slot)
{
    size_t place = group * SLOTS + slot;

    if (fixture->sieve.small && slot >= 64)
        return false;
    for (unsigned i = 0; i < set.count; i++)
        if ((fixture->sieve.columns[set.first + i][place / 8] >> place % 8 & 1) != 0)
            return true;
    return false;
}

// What should be said of one slot.
struct told {
    bool fits, left; // by the filters and the other column; and is not left out
    uint32_t sum;
};

static struct told
look(const struct fixture *fixture, size_t group, size_t slot)
{
    const struct sieve *sieve = &fixture->sieve;
    struct told told = {.fits = !sieve->small || slot < 64};

    told.fits = told.fits && (fixture->also[1 + slot / 8] >> slot % 8 & 1) != 0;
    for (size_t i = 0; i < sieve->n_filters; i++)
        told.fits = told.fits && is_in(fixture, sieve->filters[i], group, slot);
    for (size_t i = 0; i < sieve->n_wanted; i++) {
        for (unsigned step = 0; step < SIEVE_STEPS; step++) {
            if (!is_in(fixture, sieve->wanted[i].sets[step], group, slot))
                continue;
            told.sum += fixture->adds[i][step];
            break;
        }
    }
    told.left = !is_in(fixture, fixture->left_out, group, slot);
    return told;
}

static bool
bit(const uint64_t words[SIEVE_WORDS], size_t slot)
{
    return (words[slot / 64] >> slot % 64 & 1) != 0;
}

static uint32_t
sum_of(const struct sieve_sums *sums, size_t slot)
{
    uint32_t sum = 0;

    for (unsigned plane = 0; plane < SIEVE_PLANES; plane++)
        sum |= (uint32_t)bit(sums->planes[plane], slot) << plane;
    return sum;
}

static void
check_sums(const struct fixture *fixture, size_t group, uint32_t need, bool any,
           const struct sieve_sums *found)
{
    bool expected = false;

    for (size_t slot = 0; slot < SLOTS; slot++) {
        struct told told = look(fixture, group, slot);
        bool good = told.sum != 0 && told.sum >= need;

        assert_int_equal(bit(found->any, slot), told.sum != 0);
        assert_int_equal(bit(found->good, slot), good);
        if (any)
            assert_int_equal(sum_of(found, slot), told.sum);
        expected = expected || good;
    }
    assert_int_equal(any, expected);
}

// ---- Tests

// A need that is met by all, some, or none: most often the sum of a slot, or one more.
static uint32_t
make_need(const struct fixture *fixture, size_t group)
{
    switch (below(6)) {
    case 0:
        return 0;
    case 1:
        return fixture->most + below(2);
    case 2:
        return below(2) == 0 ? UINT32_MAX : SIEVE_SUM_MAX + below(3);
    default:
        return look(fixture, group, below(fixture->sieve.small ? 64 : SLOTS)).sum + below(2);
    }
}

// Takes the bands out one by one: each has the greatest sum of those left, and all of them.
static void
check_bands(const struct fixture *fixture, size_t group, const struct sieve_variant *variant,
            struct sieve_sums sums)
{
    uint32_t before = UINT32_MAX;
    struct sieve_sums whole = sums;

    for (bool any = true; any;) {
        uint64_t band[SIEVE_WORDS];
        uint32_t sum = variant->highest(&sums, band);

        assert_true(sum < before);
        before = sum;
        any = false;
        for (size_t slot = 0; slot < SLOTS; slot++) {
            uint32_t own = look(fixture, group, slot).sum;

            assert_int_equal(bit(band, slot), bit(whole.good, slot) && own == sum);
            assert_int_equal(bit(sums.good, slot), bit(whole.good, slot) && own < sum);
            any = any || bit(sums.good, slot);
        }
    }
    assert_memory_equal(sums.planes, whole.planes, sizeof sums.planes);
    assert_memory_equal(sums.any, whole.any, sizeof sums.any);
}

static void
check_filters(const struct fixture *fixture, size_t group, const struct sieve_variant *variant)
{
    uint64_t before[SIEVE_WORDS], bits[SIEVE_WORDS];

    for (size_t word = 0; word < SIEVE_WORDS; word++)
        before[word] = (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ (uint64_t)random();
    memcpy(bits, before, sizeof bits);
    variant->filter(&fixture->sieve, group, fixture->also + 1, bits);
    for (size_t slot = 0; slot < SLOTS; slot++)
        assert_int_equal(bit(bits, slot), bit(before, slot) && look(fixture, group, slot).fits);
    memcpy(bits, before, sizeof bits);
    sieve_leave_out(&fixture->sieve, fixture->left_out, group, bits);
    for (size_t slot = 0; slot < SLOTS; slot++)
        assert_int_equal(bit(bits, slot), bit(before, slot) && look(fixture, group, slot).left);
}

// Counting and bounding, of a group of full width, against each slot.
static void
check_numbers(const struct sieve_variant *variant)
{
    uint64_t bits[SIEVE_WORDS], a[2 * SIEVE_WORDS], b[2 * SIEVE_WORDS], bounded[SIEVE_WORDS];
    int32_t values[SLOTS];
    uint32_t both = 0, one = 0;

    for (size_t word = 0; word < 2 * SIEVE_WORDS; word++) {
        a[word] = (uint64_t)random() << 33 ^ (uint64_t)random();
        b[word] = (uint64_t)random() << 33 ^ (uint64_t)random();
        bits[word % SIEVE_WORDS] = (uint64_t)random() << 32 ^ (uint64_t)random();
    }
    for (size_t slot = 0; slot < SLOTS; slot++) {
        values[slot] = slot % 7 == 0 ? INT32_MIN : slot % 7 == 1 ? INT32_MAX : (int32_t)(random() % 20) - 10;
        both += bit(bits, slot) && (bit(a + SIEVE_WORDS, slot) || bit(b + SIEVE_WORDS, slot));
        one += bit(bits, slot) && bit(a, slot);
    }
    assert_int_equal(variant->count(bits, (const uint8_t *)(a + SIEVE_WORDS),
                                    (const uint8_t *)(b + SIEVE_WORDS), SIEVE_WORDS),
                     both);
    assert_int_equal(variant->count(bits, NULL, (const uint8_t *)a, SIEVE_WORDS), one);
    memcpy(bounded, bits, sizeof bits);
    variant->bound(values, SLOTS, -3, 4, bounded);
    for (size_t slot = 0; slot < SLOTS; slot++)
        assert_int_equal(bit(bounded, slot), bit(bits, slot) && values[slot] >= -3 && values[slot] <= 4);
    memcpy(bounded, bits, sizeof bits);
    variant->bound(values, SLOTS, INT32_MIN, INT32_MAX, bounded);
    assert_memory_equal(bounded, bits, sizeof bits);
}

// A need that is raised for all but those of a column.
static void
check_raise(const struct fixture *fixture, size_t group, struct sieve_sums sums)
{
    uint64_t before[SIEVE_WORDS];
    const uint8_t *except = fixture->sieve.columns[0];
    uint32_t need = (uint32_t)random() % (SIEVE_SUM_MAX + 3);

    memcpy(before, sums.good, sizeof before);
    sieve_raise(&fixture->sieve, except, group, need, &sums);
    for (size_t slot = 0; slot < (fixture->sieve.small ? 64 : SLOTS); slot++) {
        bool spared = block_bit(except, group * SLOTS + slot) || look(fixture, group, slot).sum >= need;

        assert_int_equal(bit(sums.good, slot), bit(before, slot) && spared);
    }
    sieve_raise(&fixture->sieve, NULL, group, SIEVE_SUM_MAX + 1, &sums);
    for (size_t word = 0; word < SIEVE_WORDS; word++)
        assert_true(sums.good[word] == 0);
}

static void
check_group(const struct fixture *fixture, size_t group, uint32_t need)
{
    const struct sieve_variant whole = {sieve_add, sieve_filter, sieve_highest, sieve_count, sieve_bound},
                               *variant = &whole;

    for (unsigned number = 0; variant != NULL; variant = sieve_variant(number++)) {
        struct sieve_sums sums;
        bool any;

        memset(&sums, 0xA5, sizeof sums);
        any = variant->add(&fixture->sieve, group, need, &sums);
        check_sums(fixture, group, need, any, &sums);
        if (any)
            check_raise(fixture, group, sums);
        if (any)
            check_bands(fixture, group, variant, sums);
        check_filters(fixture, group, variant);
        check_numbers(variant);
    }
}

static void
test_sieve_says_what_each_slot_says(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    (void)state;
    assert_non_null(fixture);
    srandom(17);
    for (int round = 0; round < ROUNDS; round++) {
        size_t group;

        make_sieve(fixture);
        group = fixture->sieve.small ? 0 : below(GROUPS);
        check_group(fixture, group, make_need(fixture, group));
    }
    free(fixture);
}

static void
test_variants_end(void **state)
{
    (void)state;
    assert_non_null(sieve_variant(0));
    assert_null(sieve_variant(VARIANTS));
}

// Sums as great as they can be, of one interest or of many.
static void
test_greatest_sum_fits(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct sieve *sieve = &fixture->sieve;

    (void)state;
    assert_non_null(fixture);
    memset(fixture->bits, 0xFF, sizeof fixture->bits);
    memset(fixture->also, 0xFF, sizeof fixture->also);
    sieve->columns[0] = fixture->bits[0];
    sieve->n_columns = sieve->n_filters = 1;
    sieve->filters[0] = (struct sieve_set){0, 1};
    for (unsigned n = 1; n <= QUERY_INTERESTS_MAX; n += QUERY_INTERESTS_MAX - 1) {
        sieve->n_wanted = n;
        fixture->most = 0;
        for (unsigned i = 0; i < n; i++) {
            uint32_t adds[SIEVE_STEPS] = {i == 0 ? SIEVE_SUM_MAX - (n - 1) * (SIEVE_SUM_MAX / n)
                                                 : SIEVE_SUM_MAX / n};

            sieve->wanted[i].sets[0] = (struct sieve_set){0, 1};
            set_adds(fixture, i, adds);
        }
        assert_int_equal(fixture->most, SIEVE_SUM_MAX);
        check_group(fixture, 0, SIEVE_SUM_MAX);
        check_group(fixture, 0, SIEVE_SUM_MAX + 1);
    }
    free(fixture);
}

// The units of a query bound what its interests add up to, in every sum.
static void
test_units_bound_the_sums(void **state)
{
    struct plan_query plan;
    struct query query = {.as_of = 1};

    (void)state;
    srandom(18);
    for (int round = 0; round < 20000; round++) {
        query.n_wanted = 1 + below(QUERY_INTERESTS_MAX);
        query.wanted_weight = 0;
        for (uint32_t i = 0; i < query.n_wanted; i++) {
            query.wanted[i].weight = below(3) == 0 ? QUERY_WEIGHT_MAX : 1 + below(QUERY_WEIGHT_MAX);
            query.wanted_weight += query.wanted[i].weight;
        }
        plan_query_init(&plan, &query, NULL);
        assert_in_range(plan.most, 1, SIEVE_SUM_MAX);
        for (uint32_t i = 0; i < query.n_wanted; i++) {
            static const uint32_t similarities[SIEVE_STEPS] = {100, 60, 30};

            for (unsigned step = 0; step < SIEVE_STEPS; step++) {
                uint32_t exact = query.wanted[i].weight * similarities[step], adds = plan.adds[i][step];

                assert_true(adds * plan.unit >= exact && (adds - 1) * plan.unit < exact);
                for (unsigned plane = 0; plane < SIEVE_PLANES; plane++)
                    assert_true(plan.masks[i][step][plane] == ((adds >> plane & 1) != 0 ? UINT64_MAX : 0));
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sieve_says_what_each_slot_says),
        cmocka_unit_test(test_variants_end),
        cmocka_unit_test(test_greatest_sum_fits),
        cmocka_unit_test(test_units_bound_the_sums),
    };

    return cmocka_run_group_tests_name("sieve", tests, NULL, NULL);
}
