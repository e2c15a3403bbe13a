// SPDX-License-Identifier: Apache-2.0
// What a reload hands to the parts: limits that stay where they are, rules, quotas and a queue that change.
#include "base/log.h"
#include "base/options.h"
#include "net/settings.h"
#include "rpc/limits.h"
#include "rpc/service.h"
#include "tests/unit/unit.h"
#include "work/job.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)

static void
test_limits(void **state)
{
    struct log log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    struct service service = {.log = &log};
    struct options options = {.max_connections = 10, .max_in_flight = 7, .idle_timeout_s = 3};
    const struct limits *first = limits_make(&service, &options), *second;

    (void)state;
    assert_non_null(first);
    assert_null(service_limits(&service)); // made, and not yet in force
    limits_use(&service, first);
    assert_ptr_equal(service_limits(&service), first);
    assert_int_equal(first->max_in_flight, 7);
    assert_int_equal(first->idle_timeout_us, 3 * SECOND);
    options.max_in_flight = 8;
    second = limits_make(&service, &options);
    limits_use(&service, second);
    assert_int_equal(service_limits(&service)->max_in_flight, 8);
    assert_int_equal(first->max_in_flight, 7); // for who still looks at them
    options.max_in_flight = 7;
    for (unsigned i = 0; i < 1000; i++) // reloads that change nothing new take no memory
        assert_ptr_equal(limits_make(&service, &options), first);
    options.idle_timeout_s = 4;
    assert_ptr_not_equal(limits_make(&service, &options), first);
    limits_free(&service);
}

static void
test_rules(void **state)
{
    struct options options = {.commit_group = 5,
                              .commit_delay_ms = 2,
                              .max_holds = 9,
                              .journal_keep = 1000,
                              .retain_placements_days = 1};
    struct rules rules = settings_rules(&options), taken;
    struct rules_source source;

    (void)state;
    assert_int_equal(rules_open(&source, &rules), 0);
    rules_take(&source, &taken);
    assert_int_equal(taken.group, 5);
    assert_int_equal(taken.delay_us, 2000);
    assert_int_equal(taken.retain.placements_us, 86400 * SECOND);
    rules.max_holds = 10;
    rules_change(&source, &rules);
    assert_int_equal(taken.max_holds, 9);
    rules_take(&source, &taken);
    assert_int_equal(taken.max_holds, 10);
    rules_close(&source);
}

static void
test_keeps_too_much(void **state)
{
    struct options options = {.retain_placements_days = 10};

    (void)state;
    assert_true(settings_keep_too_much(&options)); // the journal is kept for ever
    options.retain_journal_days = 11;
    assert_true(settings_keep_too_much(&options));
    options.retain_journal_days = 10;
    assert_false(settings_keep_too_much(&options));
    options = (struct options){.journal_keep = 1000, .retain_placements_days = 10};
    assert_false(settings_keep_too_much(&options));
}

// Tokens that have sessions already go by the new numbers.
static void
test_quota(void **state)
{
    struct quota *quota = quota_new(&(struct quota_options){0, 0, 1});
    struct quota_token *held = NULL, *more = NULL;
    struct fault fault;

    (void)state;
    assert_int_equal(quota_enter(quota, 1, &held, &fault), 0);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(quota_take(held, SECOND, &fault), 0);
    quota_change(quota, &(struct quota_options){1, 1, 2});
    assert_int_equal(quota_take(held, 2 * SECOND, &fault), 0);
    assert_int_equal(quota_take(held, 2 * SECOND, &fault), 0);
    assert_int_equal(quota_take(held, 2 * SECOND, &fault), FAULT);
    assert_non_null(strstr(fault.message, "1 requests a second, and 2 at once"));
    assert_int_equal(quota_enter(quota, 1, &more, &fault), FAULT);
    quota_change(quota, &(struct quota_options){2, 0, 1});
    assert_int_equal(quota_take(held, 2 * SECOND, &fault), 0);
    assert_int_equal(quota_enter(quota, 1, &more, &fault), 0);
    quota_leave(quota, &held);
    quota_leave(quota, &more);
    quota_free(quota);
}

static void
test_queue(void **state)
{
    struct queue *queue = queue_new(&(struct queue_options){1, 1 << 20, 1});
    struct job *job = job_new(1 << 16);

    (void)state;
    assert_int_equal(queue_push(queue, job), 0);
    assert_int_equal(queue_admits(queue, 0, 10), QUEUE_E_FULL);
    queue_resize(queue, 2, 1 << 20);
    assert_int_equal(queue_admits(queue, 0, 10), 0);
    queue_resize(queue, 2, 10);
    assert_int_equal(queue_admits(queue, 0, 11), QUEUE_E_FULL);
    assert_ptr_equal(queue_take(queue, 1, 0), job); // what is inside stays
    job_free(job);
    queue_free(queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits), cmocka_unit_test(test_rules), cmocka_unit_test(test_keeps_too_much),
        cmocka_unit_test(test_quota),  cmocka_unit_test(test_queue),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
