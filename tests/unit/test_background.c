// SPDX-License-Identifier: Apache-2.0
// What the kernel says of a thread that went to the background; the others stay as they were.
#include "base/background.h"
#include "base/log.h"
#include "tests/unit/unit.h"
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

struct seen {
    enum background level;
    int policy, niceness;
};

static void *
enter(void *arg)
{
    struct seen *seen = arg;
    struct log log;

    log_open(&log, STDERR_FILENO, LOG_LEVEL_WARNING, NULL);
    background_enter(seen->level, &log, "test");
    seen->policy = sched_getscheduler(0);
    seen->niceness = getpriority(PRIO_PROCESS, (id_t)gettid());
    return NULL;
}

static struct seen
seen_in_a_thread(enum background level)
{
    struct seen seen = {.level = level};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, enter, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return seen;
}

static void
test_levels(void **state)
{
    int policy = sched_getscheduler(0), niceness = getpriority(PRIO_PROCESS, (id_t)gettid());

    (void)state;
    assert_int_equal(seen_in_a_thread(BACKGROUND_SHARE).policy, SCHED_BATCH);
    assert_true(seen_in_a_thread(BACKGROUND_SHARE).niceness >= 10);
    assert_int_equal(seen_in_a_thread(BACKGROUND_IDLE).policy, SCHED_IDLE);
    assert_int_equal(sched_getscheduler(0), policy);
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)gettid()), niceness);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
    };

    return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
