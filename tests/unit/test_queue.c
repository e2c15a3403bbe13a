// SPDX-License-Identifier: Apache-2.0
// The queue to the writer, mailboxes, slots of connections and the states of a connection.
#include "base/clock.h"
#include "net/conn_state.h"
#include "net/slots.h"
#include "tests/unit/unit.h"
#include "work/job.h"
#include "work/queue.h"
#include <poll.h>
#include <pthread.h>

static struct job *
job(unsigned worker, uint64_t request, size_t bytes, size_t writes)
{
    struct job *made = job_new(1024);

    assert_non_null(made);
    made->worker = worker;
    made->request = request;
    made->bytes = bytes;
    made->n_writes = writes;
    return made;
}

// Takes a group and checks the ids in it.
static void
assert_group(struct queue *queue, size_t max_writes, size_t count, const uint64_t *ids)
{
    struct job *first = queue_take(queue, max_writes, 0);

    for (size_t i = 0; i < count; i++) {
        struct job *next;

        assert_non_null(first);
        next = (struct job *)first->mail.next;
        assert_int_equal(first->request, ids[i]);
        job_free(first);
        first = next;
    }
    assert_null(first);
}

static void
test_order_and_groups(void **state)
{
    struct queue *queue = queue_new(&(struct queue_options){10, 1000, 1});

    (void)state;
    assert_non_null(queue);
    for (uint64_t i = 1; i <= 5; i++)
        assert_int_equal(queue_push(queue, job(0, i, 1, i == 4 ? 50 : 2)), 0);
    assert_int_equal(queue_depth(queue), 5);
    assert_group(queue, 4, 2, (const uint64_t[]){1, 2});
    assert_group(queue, 4, 1, (const uint64_t[]){3});
    assert_group(queue, 4, 1, (const uint64_t[]){4}); // above the size of a group, but never left behind
    queue_close(queue);
    assert_group(queue, 4, 1, (const uint64_t[]){5}); // what is inside is still given out
    assert_null(queue_take(queue, 4, 0));
    assert_int_equal(queue_admits(queue, 0, 1), QUEUE_E_CLOSED);
    queue_free(queue);
}

static void
test_bounds(void **state)
{
    struct queue *queue = queue_new(&(struct queue_options){2, 100, 3});
    struct job *third = job(2, 3, 1, 1);
    unsigned worker;

    (void)state;
    assert_int_equal(queue_push(queue, job(0, 1, 500, 1)), 0); // larger than all, but the queue is empty
    assert_int_equal(queue_admits(queue, 1, 1), QUEUE_E_FULL); // by bytes
    assert_false(queue_next_waiter(queue, &worker));           // no room yet
    assert_group(queue, 10, 1, (const uint64_t[]){1});
    assert_int_equal(queue_push(queue, job(0, 1, 40, 1)), 0);
    assert_int_equal(queue_push(queue, job(0, 2, 40, 1)), 0);
    assert_int_equal(queue_push(queue, third), QUEUE_E_FULL); // by number
    assert_group(queue, 10, 2, (const uint64_t[]){1, 2});
    assert_true(queue_next_waiter(queue, &worker));
    assert_int_equal(worker, 1);
    assert_true(queue_next_waiter(queue, &worker));
    assert_int_equal(worker, 2);
    assert_false(queue_next_waiter(queue, &worker)); // each is told once
    assert_int_equal(queue_push(queue, third), 0);
    assert_group(queue, 10, 1, (const uint64_t[]){3});
    queue_free(queue);
}

static void *
push_two(void *arg)
{
    struct queue *queue = arg;

    assert_int_equal(queue_push(queue, job(0, 1, 1, 1)), 0);
    assert_int_equal(queue_push(queue, job(0, 2, 1, 1)), 0);
    return NULL;
}

static void
test_delay_waits_for_more(void **state)
{
    struct queue *queue = queue_new(&(struct queue_options){10, 100, 1});
    struct job *first;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, push_two, queue), 0);
    first = queue_take(queue, 2, 60 * INT64_C(1000000)); // a minute, but two writes make it full
    assert_int_equal(first->request, 1);
    assert_non_null(first->mail.next);
    pthread_join(thread, NULL);
    job_free((struct job *)first->mail.next);
    job_free(first);
    queue_free(queue);
}

static void
test_expected_are_waited_for(void **state)
{
    struct queue *queue = queue_new(&(struct queue_options){10, 100, 1});
    const int64_t minute = 60 * INT64_C(1000000);
    struct job *first;
    pthread_t thread;

    (void)state;
    assert_int_equal(queue_push(queue, job(0, 3, 1, 1)), 0);
    queue_expect(queue, 2, clock_steady_us() + minute); // three in all, with the one that waits
    assert_int_equal(pthread_create(&thread, NULL, push_two, queue), 0);
    first = queue_take(queue, 10, 0);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < 3; i++) {
        struct job *next = (struct job *)first->mail.next;

        job_free(first);
        first = next;
    }
    assert_null(first);

    assert_int_equal(queue_push(queue, job(0, 4, 1, 0)), 0); // without a write, but it is not left behind
    assert_group(queue, 10, 1, (const uint64_t[]){4});       // and nothing is expected any more
    queue_expect(queue, 5, clock_steady_us() + minute);
    assert_int_equal(queue_push(queue, job(0, 5, 1, 2)), 0);
    assert_group(queue, 2, 1, (const uint64_t[]){5}); // a full group is not kept
    queue_expect(queue, 5, clock_steady_us() + 1000);
    assert_int_equal(queue_push(queue, job(0, 6, 1, 1)), 0);
    assert_group(queue, 10, 1, (const uint64_t[]){6}); // who does not come is not waited for longer
    queue_free(queue);
}

static bool
is_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) == 1;
}

static void
test_mailbox(void **state)
{
    struct mailbox mailbox;
    struct mail a = {.kind = MAIL_JOB}, b = {.kind = MAIL_JOB}, c = {.kind = MAIL_CONNECTION};
    unsigned notices;

    (void)state;
    assert_int_equal(mailbox_init(&mailbox), 0);
    assert_false(is_readable(mailbox.event_fd));
    a.next = &b;
    mailbox_post(&mailbox, &a, &b);
    mailbox_post(&mailbox, &c, &c);
    mailbox_notify(&mailbox, MAILBOX_ROOM);
    mailbox_notify(&mailbox, MAILBOX_ROOM | MAILBOX_DRAIN);
    assert_true(is_readable(mailbox.event_fd));
    assert_ptr_equal(mailbox_take(&mailbox, &notices), &a);
    assert_ptr_equal(a.next, &b);
    assert_ptr_equal(b.next, &c);
    assert_null(c.next);
    assert_int_equal(notices, MAILBOX_ROOM | MAILBOX_DRAIN);
    assert_false(is_readable(mailbox.event_fd));
    assert_null(mailbox_take(&mailbox, &notices));
    assert_int_equal(notices, 0);
    mailbox_notify(&mailbox, MAILBOX_STOP);
    assert_true(is_readable(mailbox.event_fd));
    assert_null(mailbox_take(&mailbox, &notices));
    mailbox_destroy(&mailbox);
}

static void
test_slots(void **state)
{
    struct slots slots;
    int things[200];
    uint64_t numbers[200], again;

    (void)state;
    slots_init(&slots);
    for (size_t i = 0; i < 200; i++)
        assert_int_equal(slots_add(&slots, &things[i], &numbers[i]), 0);
    assert_int_equal(slots.count, 200);
    for (size_t i = 0; i < 200; i++)
        assert_ptr_equal(slots_get(&slots, numbers[i]), &things[i]);
    slots_remove(&slots, numbers[7]);
    assert_null(slots_get(&slots, numbers[7]));
    assert_int_equal(slots_add(&slots, &things[0], &again), 0);
    assert_int_equal((uint32_t)again, (uint32_t)numbers[7]); // the same slot
    assert_int_not_equal(again, numbers[7]);                 // another number
    assert_null(slots_get(&slots, numbers[7]));
    assert_null(slots_get(&slots, UINT64_MAX));
    slots_free(&slots);
}

static void
test_states_end(void **state)
{
    (void)state;
    for (int from = 0; from < CONN_STATES; from++) {
        assert_int_equal(conn_state_next(from, CONN_BROKEN), CONN_CLOSED);
        for (int event = 0; event < CONN_EVENTS; event++) {
            if (from >= CONN_CLOSING && conn_state_allows(from, event)) // there is no way back
                assert_true((int)conn_state_next(from, event) >= from);
        }
    }
    assert_false(conn_state_allows(CONN_CLOSING, CONN_RESUMED));
    assert_false(conn_state_allows(CONN_OPEN, CONN_SENT));
}

static void *
take_until_closed(void *queue)
{
    return queue_take(queue, 10, 0);
}

// Who is asked answers by going on, even with nothing to do; a question that was not taken stands.
static void
test_asked(void **state)
{
    struct queue *queue = queue_new(&(struct queue_options){10, 1000, 1});
    struct mailbox mailbox;
    unsigned notices;
    pthread_t taker;

    (void)state;
    assert_int_equal(mailbox_init(&mailbox), 0);
    mailbox_notify(&mailbox, MAILBOX_ASKED);
    assert_true(is_readable(mailbox.event_fd));
    assert_true(mailbox_holds(&mailbox, MAILBOX_ASKED));
    assert_null(mailbox_take(&mailbox, &notices));
    assert_false(mailbox_holds(&mailbox, MAILBOX_ASKED));
    mailbox_destroy(&mailbox);

    assert_non_null(queue);
    queue_ask(queue);
    assert_true(queue_is_asked(queue)); // nobody takes
    assert_int_equal(queue_push(queue, job(0, 1, 1, 1)), 0);
    assert_group(queue, 10, 1, (const uint64_t[]){1});
    assert_false(queue_is_asked(queue));
    assert_int_equal(pthread_create(&taker, NULL, take_until_closed, queue), 0);
    queue_ask(queue);
    while (queue_is_asked(queue)) // or the test's time is up
        (void)poll(NULL, 0, 1);
    queue_close(queue);
    assert_int_equal(pthread_join(taker, NULL), 0);
    queue_free(queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_groups),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_delay_waits_for_more),
        cmocka_unit_test(test_expected_are_waited_for),
        cmocka_unit_test(test_mailbox),
        cmocka_unit_test(test_asked),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_states_end),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
