// SPDX-License-Identifier: Apache-2.0
// The job thread: answers, progress, snapshots of its own, and all ways in which a task ends early.
#include "base/clock.h"
#include "base/log.h"
#include "tests/unit/store_fixture.h"
#include "work/mailbox.h"
#include "work/tasks.h"
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#define WORKERS    2u
#define WAIT_MS    20000
#define TELL_AGAIN 30000 // microseconds between two words of progress

struct probe {
    struct task task;
    _Atomic int *freed;
    _Atomic int *began;
    bool long_work; // until it must end
    int result;     // what run returns else
    uint64_t partners;
};

struct bench {
    struct fixture fixture;
    struct log log;
    struct mailbox mailboxes[WORKERS];
    struct tasks *tasks;
    _Atomic int freed, began;
};

static int
count_partners(struct txn *txn, uint64_t *out)
{
    struct store_counts counts;
    int rc = txn_begin(txn);

    if (rc == 0)
        rc = txn_counts(txn, &counts);
    *out = counts.partners;
    return rc; // the transaction is left open, as a run may
}

static int
run(struct task *task, struct txn *txn)
{
    struct probe *probe = (struct probe *)task;
    uint64_t done = 0;

    atomic_fetch_add(probe->began, 1);
    if (probe->result == FAULT)
        return fault_set(&task->fault, CODE_NOT_FOUND, "what", "it is not there");
    if (probe->result != 0)
        return probe->result;
    while (probe->long_work) {
        if (!task_goes_on(task))
            return TASKS_E_ENDED;
        task_tell(task, "long", ++done, 0);
        usleep(TELL_AGAIN);
    }
    assert_int_equal(count_partners(txn, &probe->partners), 0);
    return buf_append(&task->out, "done", 4);
}

static int
report(const struct task *task, const struct tasks_progress *progress, struct buf *out)
{
    assert_string_equal(progress->name, task->kind->name);
    return buf_append(out, progress->stage, strlen(progress->stage));
}

static void
free_probe(struct task *task)
{
    atomic_fetch_add(((struct probe *)task)->freed, 1);
    free(task);
}

static const struct task_kind kind = {.name = "probe", .run = run, .report = report, .free = free_probe};
static const struct task_kind staying = {.name = "stays", .stays = true, .run = run, .free = free_probe};

static struct probe *
make(struct bench *bench, const struct task_kind *what, uint32_t worker, uint64_t connection)
{
    struct probe *probe = calloc(1, sizeof *probe);

    assert_non_null(probe);
    probe->task.kind = what;
    probe->task.worker = worker;
    probe->task.connection = connection;
    probe->freed = &bench->freed;
    probe->began = &bench->began;
    return probe;
}

static struct bench *
set_up(unsigned max)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct tasks_options options;

    assert_non_null(bench);
    fixture_start(&bench->fixture);
    bench->log = (struct log){.fd = -1, .level = LOG_LEVEL_ERROR};
    for (unsigned i = 0; i < WORKERS; i++)
        assert_int_equal(mailbox_init(&bench->mailboxes[i]), 0);
    options = (struct tasks_options){
        .store = bench->fixture.store, .mailboxes = bench->mailboxes, .log = &bench->log, .max = max};
    assert_int_equal(tasks_start(&options, &bench->tasks), 0);
    return bench;
}

static void
tear_down(struct bench *bench)
{
    tasks_finish(bench->tasks);
    for (unsigned i = 0; i < WORKERS; i++)
        mailbox_destroy(&bench->mailboxes[i]);
    fixture_end(&bench->fixture);
    free(bench);
}

// The next mails of a worker.
static struct mail *
wait_mail(struct bench *bench, unsigned worker)
{
    struct pollfd event = {.fd = bench->mailboxes[worker].event_fd, .events = POLLIN};
    unsigned notices;

    assert_int_equal(poll(&event, 1, WAIT_MS), 1);
    return mailbox_take(&bench->mailboxes[worker], &notices);
}

// The task that comes back to a worker; counts the words of progress before it.
static struct probe *
wait_task(struct bench *bench, unsigned worker, unsigned *news)
{
    *news = 0;
    for (;;) {
        struct mail *mail = wait_mail(bench, worker);

        while (mail != NULL) {
            struct mail *next = mail->next;

            if (mail->kind == MAIL_TASK) {
                assert_null(next);
                return (struct probe *)mail;
            }
            assert_int_equal(mail->kind, MAIL_TASK_NEWS);
            assert_int_equal(((struct task_news *)mail)->connection, 7);
            task_news_free((struct task_news *)mail);
            ++*news;
            mail = next;
        }
    }
}

static void
wait_count(const _Atomic int *count, int wanted)
{
    int64_t until = clock_steady_us() + (int64_t)WAIT_MS * 1000;

    while (atomic_load(count) < wanted && clock_steady_us() < until)
        usleep(1000);
    assert_int_equal(atomic_load(count), wanted);
}

static void
test_answer(void **state)
{
    struct bench *bench = set_up(4);
    struct probe *probe = make(bench, &kind, 1, 7);
    unsigned news;

    (void)state;
    for (int turn = 0; turn < 2; turn++) { // a snapshot is begun for each
        struct probe *back;

        assert_int_equal(tasks_push(bench->tasks, &probe->task), 0);
        back = wait_task(bench, 1, &news);
        assert_ptr_equal(back, probe);
        assert_int_equal(back->task.fault.code, CODE_OK);
        assert_int_equal(back->partners, turn);
        assert_memory_equal(buf_bytes(&back->task.out), "done", 4);
        fixture_upsert_partner(&bench->fixture, fixture_partner("p", "GM0606"));
        buf_truncate(&back->task.out, 0);
    }
    task_free(&probe->task);
    assert_int_equal(tasks_count(bench->tasks).done, 2);
    assert_false(tasks_count(bench->tasks).runs);
    tear_down(bench);
}

static void
test_faults(void **state)
{
    struct bench *bench = set_up(4);
    static const struct {
        int result;
        enum code code;
    } rows[] = {{FAULT, CODE_NOT_FOUND}, {STORE_FAULT_IO, CODE_UNAVAILABLE}};
    unsigned news;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct probe *probe = make(bench, &kind, 0, 7);

        probe->result = rows[i].result;
        assert_int_equal(tasks_push(bench->tasks, &probe->task), 0);
        assert_ptr_equal(wait_task(bench, 0, &news), probe);
        assert_int_not_equal(probe->task.fault.code, CODE_OK);
        if (rows[i].result == FAULT)
            assert_int_equal(probe->task.fault.code, rows[i].code);
        task_free(&probe->task);
    }
    assert_int_equal(tasks_count(bench->tasks).failed, 2);
    tear_down(bench);
}

static void
test_progress_and_deadline(void **state)
{
    struct bench *bench = set_up(4);
    struct probe *probe = make(bench, &kind, 0, 7);
    unsigned news;

    (void)state;
    probe->long_work = true;
    probe->task.deadline_us = clock_steady_us() + 700000;
    assert_int_equal(tasks_push(bench->tasks, &probe->task), 0);
    wait_count(&bench->began, 1);
    usleep(2 * TELL_AGAIN);
    assert_true(tasks_count(bench->tasks).runs);
    assert_string_equal(tasks_count(bench->tasks).running.stage, "long");
    assert_ptr_equal(wait_task(bench, 0, &news), probe);
    assert_int_equal(probe->task.fault.code, CODE_DEADLINE_EXCEEDED);
    assert_in_range(news, 1, 8); // 700 ms hold at most that many words
    task_free(&probe->task);
    tear_down(bench);
}

// Who has gone leaves no work behind: what runs ends, what waits is dropped; others and what stays go on.
static void
test_forget(void **state)
{
    struct bench *bench = set_up(8);
    struct probe *runs = make(bench, &kind, 0, 7), *back;
    unsigned news;

    (void)state;
    runs->long_work = true;
    assert_int_equal(tasks_push(bench->tasks, &runs->task), 0);
    wait_count(&bench->began, 1);
    assert_int_equal(tasks_push(bench->tasks, &make(bench, &kind, 0, 7)->task), 0);
    assert_int_equal(tasks_push(bench->tasks, &make(bench, &staying, 0, 7)->task), 0);
    assert_int_equal(tasks_push(bench->tasks, &make(bench, &kind, 1, 7)->task), 0);
    assert_int_equal(tasks_count(bench->tasks).waiting, 3);
    tasks_forget(bench->tasks, 0, 7);
    assert_int_equal(atomic_load(&bench->freed), 1);
    back = wait_task(bench, 1, &news); // the last one is done, so the others were before
    task_free(&back->task);
    back = (struct probe *)wait_mail(bench, 0);
    while (back->task.mail.kind == MAIL_TASK_NEWS) {
        struct mail *next = back->task.mail.next;

        task_news_free((struct task_news *)back);
        back = (struct probe *)next;
    }
    assert_ptr_equal(back, runs);
    assert_int_equal(back->task.fault.code, CODE_CANCELLED);
    back = (struct probe *)runs->task.mail.next;
    assert_int_equal(back->task.fault.code, CODE_OK);
    task_free(&runs->task);
    task_free(&back->task);
    tear_down(bench);
}

static void
test_close(void **state)
{
    struct bench *bench = set_up(1);
    struct probe *first = make(bench, &kind, 0, 7), *second = make(bench, &kind, 1, 7);
    struct probe *third = make(bench, &kind, 1, 7), *nobodys = make(bench, &kind, TASKS_NOBODY, 0);
    unsigned news;

    (void)state;
    assert_int_equal(tasks_push(bench->tasks, &nobodys->task), 0);
    wait_count(&bench->freed, 1);
    first->long_work = true;
    assert_int_equal(tasks_push(bench->tasks, &first->task), 0);
    wait_count(&bench->began, 2);
    assert_int_equal(tasks_push(bench->tasks, &second->task), 0);
    assert_int_equal(tasks_push(bench->tasks, &third->task), TASKS_E_FULL);
    assert_int_equal(tasks_count(bench->tasks).refused, 1);
    tasks_close(bench->tasks);
    assert_int_equal(tasks_push(bench->tasks, &third->task), TASKS_E_CLOSED);
    assert_ptr_equal(wait_task(bench, 0, &news), first);
    assert_ptr_equal(wait_task(bench, 1, &news), second);
    assert_int_equal(first->task.fault.code, CODE_UNAVAILABLE);
    assert_int_equal(second->task.fault.code, CODE_UNAVAILABLE);
    assert_int_equal(atomic_load(&bench->began), 2); // the second one was not begun
    task_free(&first->task);
    task_free(&second->task);
    task_free(&third->task);
    tear_down(bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_progress_and_deadline),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
