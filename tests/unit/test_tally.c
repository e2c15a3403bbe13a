// SPDX-License-Identifier: Apache-2.0
// Histograms, and the tallies of what threads have answered.
#include "base/clock.h"
#include "base/histogram.h"
#include "rpc/tally.h"
#include "tests/unit/unit.h"
#include <kansen/v1/protocol.pb-c.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MATCH  KANSEN__V1__REQUEST__BODY_MATCH
#define PING   KANSEN__V1__REQUEST__BODY_PING
#define ROUNDS 200000u

// ---- Histograms

// Every value lies in the bucket whose greatest value is the least that is not below it.
static void
test_buckets(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 100000; value++) {
        unsigned bucket = histogram_bucket(value);

        assert_true(value <= histogram_most(bucket));
        if (bucket > 0)
            assert_true(value > histogram_most(bucket - 1));
    }
    for (unsigned power = 3; power < 64; power++) {
        uint64_t value = UINT64_C(1) << power;

        if (power < HISTOGRAM_POWERS) { // a power of two begins a bucket
            assert_int_equal(histogram_bucket(value), histogram_bucket(value - 1) + 1);
            assert_int_equal(histogram_most(histogram_bucket(value - 1)), value - 1);
        } else {
            assert_int_equal(histogram_bucket(value), HISTOGRAM_BUCKETS - 1);
        }
    }
    assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
    assert_int_equal(histogram_most(HISTOGRAM_BUCKETS - 1), UINT64_MAX);
}

// A bucket is no wider than a quarter of its least value.
static void
test_width(void **state)
{
    (void)state;
    for (unsigned bucket = HISTOGRAM_SPLIT; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
        uint64_t least = histogram_most(bucket - 1) + 1;

        assert_true(4 * (histogram_most(bucket) + 1 - least) <= least);
    }
}

static void
test_sums(void **state)
{
    struct histogram *one = calloc(1, sizeof *one), *two = calloc(1, sizeof *two);
    struct histogram_sum sum = {0};

    (void)state;
    for (uint64_t value = 1; value <= 1000; value++)
        histogram_add(value % 2 == 0 ? one : two, value);
    histogram_sum(one, &sum);
    histogram_sum(two, &sum);
    assert_int_equal(sum.count, 1000);
    assert_int_equal(sum.sum, 500500);
    assert_int_equal(histogram_up_to(&sum, 255), 255);
    assert_int_equal(histogram_up_to(&sum, 1), 1);
    assert_int_equal(histogram_up_to(&sum, UINT64_MAX), 1000);
    free(one);
    free(two);
}

static void
test_quantiles(void **state)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);
    struct histogram_sum sum = {0};

    (void)state;
    assert_int_equal(histogram_quantile(&sum, 0.5), 0);
    for (uint64_t value = 1; value <= 1000; value++)
        histogram_add(histogram, value);
    histogram_sum(histogram, &sum);
    assert_in_range(histogram_quantile(&sum, 0.5), 500, 625);
    assert_in_range(histogram_quantile(&sum, 0.99), 990, 1237);
    assert_int_equal(histogram_quantile(&sum, 0), 1);
    histogram_add(histogram, UINT64_MAX / 2);
    sum = (struct histogram_sum){0};
    histogram_sum(histogram, &sum);
    assert_int_equal(histogram_quantile(&sum, 1), UINT64_C(1) << HISTOGRAM_POWERS);
    free(histogram);
}

// ---- Tallies

static void
test_nobody_counts(void **state)
{
    struct tally_sum sum;

    (void)state;
    assert_null(tallies_claim(NULL));
    tally_answer(NULL, PING, CODE_OK, 0);
    tally_flush(NULL);
    tallies_sum(NULL, PING, &sum);
    assert_int_equal(sum.latency_us.count, 0);
    tallies_free(NULL);
}

static void
test_answers(void **state)
{
    struct tallies *tallies = tallies_new(2);
    struct tally *one = tallies_claim(tallies), *two = tallies_claim(tallies);
    int64_t now = clock_steady_us();
    struct tally_sum sum;

    (void)state;
    assert_non_null(one);
    assert_non_null(two);
    assert_ptr_not_equal(one, two);
    assert_null(tallies_claim(tallies)); // there is none for a third thread
    for (unsigned i = 0; i < 100; i++)   // more than wait at once
        tally_answer(one, MATCH, CODE_OK, now - 5000000);
    tally_answer(two, MATCH, CODE_INVALID_ARGUMENT, now);
    tally_answer(two, 9999, CODE_INVALID_ARGUMENT, now); // no request of ours
    tally_answer(two, 0, CODE_PERMISSION_DENIED, now + 1000000000);
    tallies_sum(tallies, MATCH, &sum);
    assert_int_not_equal(sum.latency_us.count, 101); // some wait
    tally_flush(one);
    tally_flush(two);
    tallies_sum(tallies, MATCH, &sum);
    assert_int_equal(sum.codes[CODE_OK], 100);
    assert_int_equal(sum.codes[CODE_INVALID_ARGUMENT], 1);
    assert_int_equal(sum.latency_us.count, 101);
    assert_true(sum.latency_us.sum >= 100 * UINT64_C(5000000));
    assert_in_range(histogram_quantile(&sum.latency_us, 0.9), 5000000, 60000000);
    tallies_sum(tallies, 0, &sum);
    assert_int_equal(sum.codes[CODE_INVALID_ARGUMENT], 1);
    assert_int_equal(sum.codes[CODE_PERMISSION_DENIED], 1);
    assert_int_equal(sum.latency_us.sum < 1000000000, 1); // from the future is no time
    tallies_sum(tallies, PING, &sum);
    assert_int_equal(sum.latency_us.count, 0);
    tallies_sum(tallies, UINT32_MAX, &sum);
    assert_int_equal(sum.latency_us.count, 0);
    tallies_free(tallies);
}

struct counting {
    struct tally *tally;
    unsigned code;
};

static void *
count(void *arg)
{
    const struct counting *counting = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        tally_answer(counting->tally, PING, counting->code, 0);
        if (i % 7 == 0)
            tally_flush(counting->tally);
    }
    tally_flush(counting->tally);
    return NULL;
}

// Who sums while threads count sees counts that only go up, and all of them in the end.
static void
test_threads(void **state)
{
    struct tallies *tallies = tallies_new(2);
    struct counting counting[] = {{tallies_claim(tallies), CODE_OK}, {tallies_claim(tallies), CODE_ABORTED}};
    pthread_t threads[2];
    struct tally_sum sum;
    uint64_t before = 0;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, &counting[i]), 0);
    for (unsigned i = 0; i < 1000; i++) {
        tallies_sum(tallies, PING, &sum);
        assert_true(sum.latency_us.count >= before);
        before = sum.latency_us.count;
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    tallies_sum(tallies, PING, &sum);
    assert_int_equal(sum.codes[CODE_OK], ROUNDS);
    assert_int_equal(sum.codes[CODE_ABORTED], ROUNDS);
    assert_int_equal(sum.latency_us.count, 2 * ROUNDS);
    tallies_free(tallies);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),       cmocka_unit_test(test_width),   cmocka_unit_test(test_sums),
        cmocka_unit_test(test_quantiles),     cmocka_unit_test(test_answers), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_nobody_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
