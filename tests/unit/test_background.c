// SPDX-License-Identifier: Apache-2.0
// What the kernel says of a thread that went to the background; the others stay as they were.
#include "base/background.h"
#include "base/log.h"
#include "tests/unit/unit.h"
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// struct sched_attr of linux/sched/types.h, which can not be read beside sched.h.
struct attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static struct attr
own(void)
{
    struct attr attr = {.size = sizeof attr};

    assert_int_equal(syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0), 0);
    return attr;
}

static void *
enter(void *arg)
{
    struct attr *seen = arg;
    struct log log;

    log_open(&log, STDERR_FILENO, LOG_LEVEL_WARNING, NULL);
    background_enter(&log, "test");
    *seen = own();
    return NULL;
}

static struct attr
seen_in_a_thread(void)
{
    struct attr seen = {0};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, enter, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return seen;
}

static void
test_a_thread(void **state)
{
    struct attr before = own(), after, seen = seen_in_a_thread();

    (void)state;
    after = own();
    assert_int_equal(seen.policy, SCHED_BATCH);
    assert_true(seen.nice >= 10);
    assert_true(seen.runtime == 100000 || seen.runtime == 0); // Linux before 6.12 has none
    assert_true(seen.runtime != before.runtime || seen.runtime == 0);
    assert_int_equal(after.policy, before.policy);
    assert_int_equal(after.nice, before.nice);
    assert_int_equal(after.runtime, before.runtime);
}

static void
test_further_back(void **state)
{
    (void)state;
    assert_int_equal(setpriority(PRIO_PROCESS, (id_t)gettid(), 15), 0); // what the thread is started with
    assert_true(seen_in_a_thread().nice >= 15);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thread),
        cmocka_unit_test(test_further_back),
    };

    return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
