// SPDX-License-Identifier: Apache-2.0
// What a token may take: sessions, the bucket and its refill, hints that are enough, and many threads at
// once. And the counters: each has a name of its own.
#include "base/clock.h"
#include "base/counters.h"
#include "rpc/quota.h"
#include "tests/unit/unit.h"
#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

static struct quota *
make(uint32_t connections, uint64_t rate, uint64_t burst)
{
    struct quota_options options = {connections, rate, burst};
    struct quota *quota = quota_new(&options);

    assert_non_null(quota);
    return quota;
}

static struct quota_token *
enter(struct quota *quota, uint64_t token)
{
    struct quota_token *held = NULL;
    struct fault fault;

    assert_int_equal(quota_enter(quota, token, &held, &fault), 0);
    return held;
}

static void
test_sessions(void **state)
{
    struct quota *quota = make(2, 0, 1);
    struct quota_token *first = enter(quota, 7), *second = enter(quota, 7), *third = NULL,
                       *other = enter(quota, 8);
    struct fault fault;

    (void)state;
    assert_int_equal(quota_enter(quota, 7, &third, &fault), FAULT);
    assert_int_equal(fault.code, CODE_RESOURCE_EXHAUSTED);
    assert_true(fault.retry_after_ms > 0);
    assert_null(third);
    assert_int_equal(quota_enter(quota, 7, &second, &fault), 0); // Hello again: it holds one already
    assert_int_equal(quota_enter(quota, 7, &other, &fault), FAULT);
    assert_int_equal(quota_enter(quota, 8, &other, &fault), 0); // still its own
    quota_leave(quota, &first);
    assert_null(first);
    assert_int_equal(quota_enter(quota, 7, &other, &fault), 0); // from 8 to 7
    assert_int_equal(quota_enter(quota, 7, &third, &fault), FAULT);
    assert_int_equal(quota_enter(quota, 0, &other, &fault), 0); // to no token
    assert_null(other);
    assert_int_equal(quota_enter(quota, 7, &third, &fault), 0);
    quota_leave(quota, &second);
    quota_leave(quota, &third);
    quota_leave(quota, &third); // nothing
    quota_free(quota);
}

static void
test_no_limits(void **state)
{
    struct quota *quota = make(0, 0, 1);
    struct quota_token *held[1000], *none = NULL;
    struct fault fault;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        held[i] = enter(quota, 7);
        assert_int_equal(quota_take(held[i], 0, &fault), 0);
    }
    for (unsigned i = 0; i < 1000; i++)
        quota_leave(quota, &held[i]);
    assert_null(enter(quota, 0));
    quota_free(quota);
    assert_null(enter(NULL, 7));
    quota_leave(NULL, &none);
    quota_put_back(NULL);
    quota_free(NULL);
}

// How many of so many requests are let through at one moment.
static unsigned
take(struct quota_token *held, int64_t now_us, unsigned count)
{
    struct fault fault;
    unsigned taken = 0;

    for (unsigned i = 0; i < count; i++)
        taken += quota_take(held, now_us, &fault) == 0;
    return taken;
}

static void
test_bucket(void **state)
{
    struct quota *quota = make(0, 100, 20);
    struct quota_token *held = enter(quota, 7), *same = enter(quota, 7), *other = enter(quota, 8);
    int64_t now = INT64_C(1000000000);
    struct fault fault;

    (void)state;
    assert_int_equal(take(held, now, 15), 15);
    assert_int_equal(take(same, now, 100), 5); // the bucket is the token's
    assert_int_equal(take(other, now, 100), 20);
    assert_int_equal(quota_take(held, now, &fault), FAULT);
    assert_int_equal(fault.code, CODE_RESOURCE_EXHAUSTED);
    assert_int_equal(fault.retry_after_ms, 10);
    assert_non_null(strstr(fault.message, "100 requests a second"));
    assert_int_equal(take(held, now + 9999, 5), 0);
    assert_int_equal(take(held, now + 10000, 5), 1); // as the hint said
    assert_int_equal(take(held, now + 110000, 50), 10);
    assert_int_equal(take(held, now + 60000000, 50), 20); // no fuller than full
    quota_put_back(held);
    assert_int_equal(take(held, now + 60000000, 5), 1);
    quota_leave(quota, &held);
    quota_leave(quota, &same);
    quota_leave(quota, &other);
    quota_free(quota);
}

// Who comes again does not find a full bucket, and whoever is forgotten had one.
static void
test_coming_again(void **state)
{
    struct quota *quota = make(0, 1, 5);
    struct quota_token *held = enter(quota, 7);

    (void)state;
    assert_int_equal(take(held, clock_steady_us(), 10), 5);
    quota_leave(quota, &held);
    for (uint64_t token = 1000; token < 20000; token++) { // some of them in the same chain
        struct quota_token *passing = enter(quota, token);

        quota_leave(quota, &passing);
    }
    held = enter(quota, 7);
    assert_true(take(held, clock_steady_us(), 10) < 3);
    quota_leave(quota, &held);
    quota_free(quota);
}

// ---- Threads

#define THREADS 4
#define RATE    20000u
#define BURST   100u

struct crowd {
    struct quota *quota;
    int64_t until_us;
    _Atomic uint64_t taken;
    _Atomic uint32_t most_sessions, sessions;
};

static void *
be_many(void *arg)
{
    struct crowd *crowd = arg;
    struct fault fault;

    while (clock_steady_us() < crowd->until_us) {
        struct quota_token *held = NULL;

        if (quota_enter(crowd->quota, 7, &held, &fault) != 0)
            continue;
        uint32_t now = atomic_fetch_add(&crowd->sessions, 1) + 1;

        if (now > atomic_load(&crowd->most_sessions))
            atomic_store(&crowd->most_sessions, now);
        for (unsigned i = 0; i < 50; i++)
            atomic_fetch_add(&crowd->taken, quota_take(held, clock_steady_us(), &fault) == 0);
        atomic_fetch_sub(&crowd->sessions, 1);
        quota_leave(crowd->quota, &held);
    }
    return NULL;
}

static void
test_threads(void **state)
{
    int64_t started = clock_steady_us();
    struct crowd crowd = {.quota = make(THREADS - 1, RATE, BURST), .until_us = started + 300000};
    pthread_t threads[THREADS];
    uint64_t most;

    (void)state;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, be_many, &crowd), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    most = BURST + (uint64_t)(clock_steady_us() - started) * RATE / 1000000 + 1;
    assert_in_range(atomic_load(&crowd.taken), BURST, most);
    assert_true(atomic_load(&crowd.most_sessions) < THREADS);
    quota_free(crowd.quota); // asserts that all have left
}

// ---- Counters

static void
test_counters(void **state)
{
    struct counters counters = {0};

    (void)state;
    for (unsigned i = 0; i < COUNTERS; i++) {
        const char *name = counters_name(i);

        assert_true(strlen(name) > 0 && strlen(counters_help(i)) > 10);
        for (const char *at = name; *at != '\0'; at++)
            assert_true(islower((unsigned char)*at) || *at == '_');
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(name, counters_name(j));
        assert_int_equal(counters_get(&counters, i), 0);
    }
    counters_add(&counters, COUNTER_RATE_TOKEN);
    counters_add_code(&counters, CODE_DEADLINE_EXCEEDED);
    counters_add_code(&counters, CODE_DEADLINE_EXCEEDED);
    counters_add_code(&counters, CODE_PERMISSION_DENIED);
    counters_add_code(&counters, CODE_UNAUTHENTICATED);
    counters_add_code(&counters, CODE_OK);
    counters_add_code(&counters, CODE_NOT_FOUND);
    assert_int_equal(counters_get(&counters, COUNTER_RATE_TOKEN), 1);
    assert_int_equal(counters_get(&counters, COUNTER_DEADLINE), 2);
    assert_int_equal(counters_get(&counters, COUNTER_PERMISSION), 1);
    assert_int_equal(counters_get(&counters, COUNTER_UNAUTHENTICATED), 1);
    assert_int_equal(counters_get(&counters, COUNTER_QUEUE_FULL), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions), cmocka_unit_test(test_no_limits),
        cmocka_unit_test(test_bucket),   cmocka_unit_test(test_coming_again),
        cmocka_unit_test(test_threads),  cmocka_unit_test(test_counters),
    };

    return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
