// SPDX-License-Identifier: Apache-2.0
// What the kernel says of a thread that does long work; the one that started it stays as it was.
#include "base/background.h"
#include "base/log.h"
#include "tests/unit/unit.h"
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

struct seen {
    int policy, niceness;
    pthread_t thread;
};

static struct log to_nobody;

static struct seen
own(void)
{
    return (struct seen){sched_getscheduler(0), getpriority(PRIO_PROCESS, (id_t)gettid()), pthread_self()};
}

static void *
enter(void *arg)
{
    background_enter(&to_nobody, "test");
    *(struct seen *)arg = own();
    return NULL;
}

static int
look(void *arg)
{
    *(struct seen *)arg = own();
    return 17;
}

static void
assert_as_before(const struct seen *before)
{
    assert_int_equal(own().policy, before->policy);
    assert_int_equal(own().niceness, before->niceness);
}

static void
test_a_share(void **state)
{
    struct seen before = own(), seen;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, enter, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(seen.policy, SCHED_BATCH);
    assert_true(seen.niceness >= 10);
    assert_as_before(&before);
}

static void
test_further_back(void **state)
{
    int before = getpriority(PRIO_PROCESS, (id_t)gettid());
    struct seen seen;
    pthread_t thread;

    (void)state;
    assert_int_equal(setpriority(PRIO_PROCESS, (id_t)gettid(), 19), 0); // what the threads are started with
    assert_int_equal(pthread_create(&thread, NULL, enter, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(seen.niceness, 19);
    assert_int_equal(background_run(&to_nobody, "test", look, &seen), 17);
    assert_int_equal(seen.niceness, 19);
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), before); // as far as that is allowed
}

static void
test_what_others_leave(void **state)
{
    struct seen before = own(), seen;

    (void)state;
    assert_int_equal(background_run(&to_nobody, "test", look, &seen), 17);
    assert_int_equal(seen.policy, SCHED_IDLE);
    assert_false(pthread_equal(seen.thread, pthread_self()));
    assert_as_before(&before);
}

static void
test_no_thread(void **state)
{
    struct rlimit usual, none = {0, 0};
    struct seen seen = {0};
    bool root = getuid() == 0;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NPROC, &usual), 0);
    none.rlim_max = usual.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NPROC, &none), 0);
    if (root) // who may always have one more
        assert_int_equal(setresuid(65534, 65534, 0), 0);
    assert_int_equal(background_run(&to_nobody, "test", look, &seen), 17);
    if (root)
        assert_int_equal(setresuid(0, 0, 0), 0);
    assert_int_equal(setrlimit(RLIMIT_NPROC, &usual), 0);
    assert_true(pthread_equal(seen.thread, pthread_self()));
    assert_int_equal(seen.policy, own().policy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_share),
        cmocka_unit_test(test_further_back),
        cmocka_unit_test(test_what_others_leave),
        cmocka_unit_test(test_no_thread),
    };

    log_open(&to_nobody, STDERR_FILENO, LOG_LEVEL_ERROR, NULL);
    return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
